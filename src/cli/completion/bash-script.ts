/**
 * The script for bash, in the protocol of @bomb.sh/tab, whose own script requires the package bash-completion, runs the
 * substitutions of a command line that is not entered yet, and never completes files.
 */

/** Does without what bash 3.2 lacks, which is the bash of macOS. */
export const BASH_SCRIPT = `# bash completion for launchpool
_launchpool_complete() {
  local line=\${COMP_LINE:0:COMP_POINT} words=() index word last value prefix= tab=$'\\t'
  # bash splits words at = and : too, so only a blank before a part tells that it begins a word.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]} last=$((\${#words[@]} - 1))
    if [[ $index -eq 0 || $line == [[:space:]]* ]]; then
      line=\${line#"\${line%%[![:space:]]*}"}
      ((index == COMP_CWORD)) && word=$line
      words+=("$word")
    else
      ((index == COMP_CWORD)) && word=$line
      words[last]+=$word
    fi
    line=\${line#"$word"}
  done
  # Where = does not split words, the value stands behind its option.
  [[ $word == -*=* ]] && prefix=\${word%%=*}=
  COMPREPLY=()
  while IFS= read -r value; do
    case $value in
      :*) (((\${value#:} & 4) == 0)) || compopt +o default 2>/dev/null ;;
      ?*) COMPREPLY+=("$prefix\${value%%"$tab"*}") ;;
    esac
  done <<<"$(launchpool complete -- "\${words[@]:1}" 2>/dev/null)"
}
complete -o default -F _launchpool_complete launchpool
`;
