/** The form of a row in the tables of options, and the type of the options that a table yields. */

/** The value of an option on the command line. */
export type Value =
  /** Milliseconds in the options; a fraction of a second is allowed on the command line. */
  | { kind: 'seconds'; min: number; max: number }
  /** `auto` is the number that the word "auto" stands for. */
  | { kind: 'count'; min: number; max: number; auto?: number }
  | { kind: 'bytes'; min: number; max: number }
  | { kind: 'mebibytes'; min: number; max: number }
  | { kind: 'port'; min: number; max: number }
  | { kind: 'userIds'; min: number; max: number }
  | { kind: 'choice'; placeholder: string; choices: readonly string[] }
  /** Made absolute where it outlives the working directory of the command. */
  | { kind: 'path'; placeholder: 'FILE' | 'FOLDER' | 'PATH' }
  | { kind: 'text'; placeholder: string }
  /** Text; the option may be repeated. */
  | { kind: 'texts'; placeholder: string };

type Common = {
  /** Its name on the command line, without the dashes. */
  flag: string;
  /** One letter, for an option that is typed often. */
  short?: string;
  /** Plain text, without a full stop; describes the option in the help, in README and in docs/options.md. */
  help: string;
  /** Sentences for docs/options.md alone. */
  details?: string;
  /** Describes the default where `default` cannot: it depends on the system, or is the absence of a value. */
  defaultText?: string;
  /** Whether README lists the option: it lists the dozen that are used most. */
  readme?: true;
};

export type ValueOption = Common & {
  value: Value;
  /** In the form of the command line. */
  default?: string | number;
  /** The value that the option has without one: its value follows `=`, as in `--inspect=9229`. */
  bare?: string;
};

/** An option without a value; `switch` is the setting that its presence stands for. */
export type SwitchOption = Common & { switch: boolean };

export type Option = ValueOption | SwitchOption;

/** Rows by the names that their settings have in the program, in the order of the help. */
export type Table = Readonly<Record<string, Option>>;

/** The type of a parsed value. */
export type Parsed<V> = V extends { kind: 'seconds' | 'count' | 'bytes' | 'mebibytes' | 'port' }
  ? number
  : V extends { kind: 'userIds' }
    ? readonly number[]
    : V extends { choices: readonly (infer Choice)[] }
      ? Choice
      : V extends { kind: 'texts' }
        ? readonly string[]
        : string;

type Setting<Row> = Row extends { value: infer V } ? Parsed<V> : boolean;

/** Lists are empty by default, and switches are off. */
type HasDefault = { default: string | number } | { value: { kind: 'userIds' | 'texts' } } | { switch: boolean };

/** Every setting of a table. */
export type OptionsOf<T extends Table> = {
  -readonly [Key in keyof T]: T[Key] extends HasDefault ? Setting<T[Key]> : Setting<T[Key]> | undefined;
};

/** The settings that were given. */
export type GivenOf<T extends Table> = {
  -readonly [Key in keyof T]?: Setting<T[Key]>;
};
