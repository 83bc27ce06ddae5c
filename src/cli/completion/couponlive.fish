# Completion of couponlive for fish: couponlive completion fish | source
function __couponlive_suggestions
    set -l words (commandline -opc) (commandline -ct)
    $words[1] complete -- $words[2..-1] 2>/dev/null
end
complete -c couponlive -f -a '(__couponlive_suggestions)'
# Where nothing is suggested, the names of files are.
complete -c couponlive -n 'test -z "$(__couponlive_suggestions)"' -F
