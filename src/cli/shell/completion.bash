# @MARK@

_liteboot() {
  local program=liteboot answer candidate typed lead breaks=''
  COMPREPLY=()
  type -P "$program" >/dev/null || program=@PROGRAM@
  answer=$("$program" __complete line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null) || return 0
  case $answer in
    :files)
      compopt -o default 2>/dev/null
      return 0
      ;;
    :directories)
      compopt -o dirnames 2>/dev/null
      return 0
      ;;
  esac
  # Readline replaces only what follows the last of its word breaks: the word's beginning is left out.
  [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
  [[ $COMP_WORDBREAKS == *:* ]] && breaks+=':'
  [[ $COMP_WORDBREAKS == *@* ]] && breaks+='@'
  typed=${COMP_LINE:0:COMP_POINT}
  typed=${typed##*[[:space:]]}
  lead=''
  [[ -n $breaks ]] && lead=${typed%"${typed##*[$breaks]}"}
  while IFS=$'\t' read -r candidate _; do
    [[ -n $candidate ]] && COMPREPLY+=("${candidate#"$lead"}")
  done <<<"$answer"
  # The word goes on.
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=.,] ]] && compopt -o nospace 2>/dev/null
  return 0
}

complete -F _liteboot @NAMES@
