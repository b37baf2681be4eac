/** The formats that checks of arguments assert: those of types. Others, which `@format` names, say something for people. */

/** What a Date is in JSON, and other texts of RFC 3339, https://www.rfc-editor.org/rfc/rfc3339#section-5.6. */
export const DATE_TIME = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** By their names: code of JavaScript for a value `v` that is text. `DATE_TIME` is in its scope. */
export const FORMAT_CODE: Readonly<Record<string, string>> = {
  'date-time': '(DATE_TIME.test(v) && !isNaN(parseDate(v)))',
  uri: 'isUrl(v)',
};

export const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)),
  uri: (text) => URL.canParse(text),
};
