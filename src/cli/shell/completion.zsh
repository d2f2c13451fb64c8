#compdef @NAMES@
# @MARK@

_liteboot() {
  local program=liteboot line value text lead=''
  local -a answer whole open
  (( $+commands[liteboot] )) || program=@PROGRAM@
  answer=("${(@f)$($program __complete words "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  case $answer[1] in
    :files) _files; return ;;
    :directories) _files -/; return ;;
  esac
  # Only the last name of a list is shown.
  if [[ $PREFIX == *,* ]]; then
    lead="${PREFIX%,*},"
    compset -P '*,'
  fi
  for line in $answer; do
    value=${line%%$'\t'*}
    text=${line#$value}
    value=${${value#$lead}//:/\\:}
    [[ -n $text ]] && value+=":${text#$'\t'}"
    # A word that goes on gets no blank.
    if [[ ${line%%$'\t'*} == *[=.,] ]]; then open+=("$value"); else whole+=("$value"); fi
  done
  _describe -t values value whole -- open -S ''
}

if [[ $funcstack[1] == _liteboot ]]; then
  _liteboot "$@"
else
  compdef _liteboot @NAMES@
fi
