import type { Command } from 'commander'

/** What may come next at one place of the command line. */
interface Place {
  /** The commands so far, each with a blank before it: ` route set`; empty at the beginning. */
  readonly at: string
  readonly words: readonly string[]
  /** Options with a list of values, and the values. */
  readonly choices: readonly { readonly flags: readonly string[]; readonly values: readonly string[] }[]
}

/** Options whose value is a file or a folder: the shell knows those itself. */
const FILES = ['--config', '--directory', '--out', '--openapi', '--expectations', '--file']

/** A script for bash: `source <(strangler completion bash)`. */
export function writeBashCompletion(program: Command): string {
  const places = listPlaces(program)
  return `# Completion for bash: source <(strangler completion bash)
_strangler() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" at="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${commandsOf(places)}) at="$at $word" ;;
    esac
  done
  case "$previous" in
    ${FILES.join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
${writeCases(places, { value: (values) => `words="${values}"`, words: (words) => `words="${words}"` })}
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _strangler strangler
`
}

/** A script for zsh: `source <(strangler completion zsh)`, or a file `_strangler` in a folder of `fpath`. */
export function writeZshCompletion(program: Command): string {
  const places = listPlaces(program)
  // \`path\` would be the PATH here.
  return `#compdef strangler
# Completion for zsh: source <(strangler completion zsh)
_strangler() {
  local previous="\${words[CURRENT-1]}" at="" word
  local -a next
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      (${commandsOf(places)}) at="$at $word" ;;
    esac
  done
  case "$previous" in
    (${FILES.join('|')}) _files; return ;;
  esac
${writeCases(places, { value: (values) => `next=(${values})`, words: (words) => `next=(${words})` })}
  compadd -- $next
}
# As a file of fpath it is called at once; sourced it must be registered.
if [ "$funcstack[1]" = _strangler ]; then _strangler "$@"; else compdef _strangler strangler; fi
`
}

function commandsOf(places: readonly Place[]): string {
  return places
    .filter(({ at }) => at !== '')
    .map(({ at }) => `"${at}"`)
    .join('|')
}

interface Writing {
  readonly value: (values: string) => string
  readonly words: (words: string) => string
}

function writeCases(places: readonly Place[], { value, words }: Writing): string {
  const withChoices = places.flatMap(({ at, choices }) =>
    choices.flatMap(({ flags, values }) =>
      flags.map((flag) => `    "${at}:${flag}") ${value(values.join(' '))} ;;`),
    ),
  )
  const plain = places.map((place) => `    "${place.at}:"*) ${words(place.words.join(' '))} ;;`)
  return ['  case "$at:$previous" in', ...withChoices, ...plain, '  esac'].join('\n')
}

function listPlaces(command: Command, at = ''): Place[] {
  const options = command.createHelp().visibleOptions(command)
  const names = options.flatMap(({ long }) => (long == null ? [] : [long]))
  const values = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
  const choices = options.flatMap(({ argChoices, long, short }) =>
    argChoices === undefined
      ? []
      : [{ flags: [long, short].filter((flag) => flag != null), values: argChoices }],
  )
  const inner = command.commands
  const here = { at, words: [...inner.map((one) => one.name()), ...values, ...names], choices }
  return [here, ...inner.flatMap((one) => listPlaces(one, `${at} ${one.name()}`))]
}
