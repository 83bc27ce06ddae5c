#compdef couponlive
# Completion of couponlive for zsh: source <(couponlive completion zsh), after compinit, or as a file
# _couponlive in a folder of $fpath.
_couponlive() {
  local line
  local -a found
  for line in "${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  # Where nothing is suggested, the names of files are.
  if (( ${#found} )); then
    _describe couponlive found
  else
    _files
  fi
}
if [[ ${funcstack[1]} == _couponlive ]]; then
  _couponlive "$@"
else
  compdef _couponlive couponlive
fi
