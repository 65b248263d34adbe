# What zsh itself offers for each line: completions.zsh SCRATCH FOLDER-OF-COMPLETIONS LINE...
# For each line it prints "== LINE", and then a match a line.
zmodload zsh/zpty || exit 77
export SCRATCH=$1 FOLDER=$2
shift 2

cat >$SCRATCH/setup <<'E2'
PROMPT= RPROMPT=
fpath=($FOLDER $fpath)
autoload -Uz compinit
compinit -u -d $SCRATCH/dump
compadd() {
  # These only move matches between arrays.
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a matches
  builtin compadd -A matches "$@"
  (($#matches)) && print -rl -- $matches >>$SCRATCH/matches
  builtin compadd "$@"
}
# Nothing is inserted or listed: a list that is longer than the screen asks whether it may be.
quiet() { compstate[insert]= compstate[list]= }
tell() {
  comppostfuncs=(quiet)
  zle complete-word
  : >$SCRATCH/done
}
zle -N tell
zle-line-init() { : >$SCRATCH/ready }
zle -N zle-line-init
bindkey '^I' tell
E2

# The output of the shell is read away: a terminal that is full stops whoever writes.
await() {
  local i text
  for i in {1..1000}; do
    [[ -e $SCRATCH/$1 ]] && return
    zpty -r -t shell text
    sleep 0.02
  done
  print -u 2 "zsh does not answer ($1)"
  exit 1
}

zpty shell zsh -f -i
zpty -w shell "source $SCRATCH/setup"
await ready
for line; do
  rm -f $SCRATCH/done $SCRATCH/matches
  # The first key removes the line before.
  zpty -n -w shell $'\C-u'$line$'\t'
  await done
  print -r -- "== $line"
  [[ -e $SCRATCH/matches ]] && sort -u $SCRATCH/matches
done
zpty -d shell
exit 0
