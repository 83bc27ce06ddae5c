# Completion of couponlive for bash 4 and newer: source <(couponlive completion bash)
_couponlive() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
# Where nothing is suggested, the names of files are.
complete -o default -F _couponlive couponlive
