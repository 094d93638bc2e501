using System.CommandLine;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown completion: a script that lets a shell complete verbs, options and model names. The answers come from the parser ([suggest]).</summary>
static class Completion
{
    static readonly Dictionary<string, string> scripts = new()
    {
        ["bash"] = """
            _homegrown() {
                local known
                COMPREPLY=()
                while IFS= read -r known; do # not compgen -W, which would run what a file's name spells
                    [[ $known == "${COMP_WORDS[COMP_CWORD]}"* ]] && COMPREPLY+=("$(printf %q "$known")")
                done < <("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
            }
            complete -o default -F _homegrown homegrown ./homegrown
            """,
        ["zsh"] = """
            _homegrown() {
                local -a found
                found=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
                [[ -n "$found" ]] && compadd -a found || _files
            }
            compdef _homegrown homegrown
            """,
        ["fish"] = """
            complete -c homegrown -a '(homegrown "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
            """,
        ["powershell"] = """
            Register-ArgumentCompleter -Native -CommandName homegrown -ScriptBlock {
                param($word, $ast, $position)
                homegrown "[suggest:$position]" "$ast" 2>$null | Where-Object { $_ -like "$word*" } |
                    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }
            """,
    };

    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("completion", "Prints a script that teaches a shell to complete our command lines.",
            "source <(homegrown completion bash)        in ~/.bashrc",
            "homegrown completion fish > ~/.config/fish/completions/homegrown.fish");
        var shell = new Argument<string>("SHELL") { Description = "Whose script." };
        shell.AcceptOnlyFromAmong([.. scripts.Keys]);
        verb.Add(shell);
        verb.SetAction(parsed => terminal.Out.WriteLine(scripts[parsed.GetRequiredValue(shell)]));
        return verb;
    }
}
