# fish completion for standfastctl: asks standfastctl itself.
function __standfastctl_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        if test "$line" = \tFILES
            __fish_complete_path (commandline -ct)
        else if test -n "$line"
            echo $line
        end
    end
end
complete -c standfastctl -f -a "(__standfastctl_complete)"
