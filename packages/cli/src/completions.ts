/**
 * Mends what the parser's completion scripts get wrong about commands below commands.
 *
 * - The script for bash joins the names of a path with `__`, and their hyphens too, but forgets where a path begins or
 *   goes on, and that people write the hyphens; and it takes several choices for one.
 * - The script for zsh calls the functions of groups by other names than it gives them.
 * - All take the choices of a switch for the word behind it, where it has them only after `=`.
 */
export const mended = (completions: string): string =>
  completions
    .replace('cmd="effect-qstash"', 'cmd="effect__qstash"')
    .replace(/^( +)effect-qstash\)$/m, "$1effect__qstash)")
    .replace(
      /^( +)(effect__qstash(?:,[a-z_]+)*),([a-z_]+)\)$/gm,
      (_, indent, path, name) => `${indent}${joined(path)},${hyphened(name)})`
    )
    .replace(/compgen -W "([A-Z_,]+)"/g, (_, choices) => `compgen -W "${choices.replaceAll(",", " ")}"`)
    .replaceAll('compgen -W "true,false"', 'compgen -W "${opts}"')
    .replaceAll(` -r -f -a "{true'',false''}"`, "")
    .replaceAll(":CHOICE:(true false)", "")
    .replace(
      /":: :_effect-qstash__([a-z-]+)_commands"/g,
      (_, group) => `":: :_effect__qstash__${group.replaceAll("-", "__")}_commands"`
    )

const joined = (path: string): string => path.replaceAll(",", "__")
const hyphened = (name: string): string => name.replaceAll("__", "-")
