# bash completion for spdmctl

_spdmctl() {
  local output="-f --format --json -o --output -v --verbose -q --quiet --color --no-color -h --help --help-all"
  local keyring="--keyring --root --at --partial-chain"
  local trust="$keyring --host-keys --identity --identity-match --trust-host --require-fresh --chain --provisioned-key"
  local speak="--timeout --slot --spdm-version --asym --hash --force --via"
  local protocol="$speak --jobs --record"
  local gate="--mode --policy --timeout --via"
  local policy="--policy --no-policy"
  local live="$output $trust $protocol" live_only="$output $trust $speak"
  local asym="RSASSA-2048 RSAPSS-2048 RSASSA-3072 RSAPSS-3072 ECDSA-P256 RSASSA-4096 RSAPSS-4096 ECDSA-P384 ECDSA-P521
    SM2-P256 Ed25519 Ed448 ML-DSA-44 ML-DSA-65 ML-DSA-87 SLH-DSA-SHA2-128s SLH-DSA-SHAKE-128s
    SLH-DSA-SHA2-128f SLH-DSA-SHAKE-128f SLH-DSA-SHA2-192s SLH-DSA-SHAKE-192s SLH-DSA-SHA2-192f
    SLH-DSA-SHAKE-192f SLH-DSA-SHA2-256s SLH-DSA-SHAKE-256s SLH-DSA-SHA2-256f SLH-DSA-SHAKE-256f"
  local hash="SHA-256 SHA-384 SHA-512 SHA3-256 SHA3-384 SHA3-512 SM3-256"
  local key_exchange="secp256r1 secp384r1 secp521r1 ffdhe2048 ffdhe3072 ffdhe4096 ML-KEM-512 ML-KEM-768 ML-KEM-1024" aead="AES-128-GCM AES-256-GCM ChaCha20-Poly1305 SM4-GCM"
  local session="--in-session --psk --psk-hint --requester-key --requester-cert --key-exchange --aead --handshake-in-the-clear --mac-only --exercise --session-secrets"
  local targets="all nvme:/dev/nvme scsi:/dev/sg mctp: emu:// tcp:// emulated: file: pcap:" devices='' device
  for device in /sys/bus/pci/devices/*; do [[ -e $device ]] && devices+=" ${device##*/}"; done

  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]-}
  # Bash makes words of "=" and ":".
  [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}
  [[ $cur == [=:] ]] && cur=''
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "info auth measurements certs inspect collect verify audit decode list keyring policy reference gate watch status tsm emulate doctor report help version --help --help-all --version" -- "$cur")
    return
  fi

  local values=''
  case $prev in
    -f | --format)
      values="text json ndjson yaml"
      [[ $verb == @(auth|measurements|verify|audit) ]] && values+=" ear redfish"
      [[ $verb == verify ]] && values+=" eat"
      [[ $verb == collect ]] && values="ndjson eat"
      [[ $verb == watch ]] && values="text ndjson"
      ;;
    --color) values="auto always never" ;;
    --ear-profile) values="2023 2026" ;;
    --cmw) values="json cbor" ;;
    --identity-match) values="exact ids none" ;;
    --mode) values="off audit enforce" ;;
    --via) values="doe storage mctp" ;;
    --occasion) values="boot arrival resume reset interval request" ;;
    --summary) values="none tcb all" ;;
    --tolerate) values=all ;;
    --by) values="leaf-key certificate root" ;;
    --slot) values="0 1 2 3 4 5 6 7 all 255" ;;
    --spdm-version) values="1.0 1.1 1.2 1.3 1.4" ;;
    --asym | --algorithm) values=$asym ;;
    --hash) values=$hash ;;
    --key-exchange) values=$key_exchange ;;
    --aead) values=$aead ;;
    --keyring | --host-keys | --init | --openssl)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      return
      ;;
    --root | --policy | --reference | --save-reference | --signer | --chain | --provisioned-key | --record | -o | --output | --sign-key | --efi | --kernel | --port-file | --html | --metrics | --evidence | --since | --expect | --pcr-log | --psk | --requester-key | --requester-cert | --session-secrets | --tdisp-report | --export-*)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    --at | --match | --nonce | --psk-hint | --identity | --vendor-request | --timeout | --jobs | --total | --interval | --events | --index | --extend-pcr | --name | --listen | --device-info | --comment | --fingerprint) return ;;
  esac
  if [[ $values ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
    return
  fi

  if [[ $verb == help ]]; then
    case $COMP_CWORD,$prev in
      2,*) values="info auth measurements certs inspect collect verify audit decode list keyring policy reference gate watch status tsm emulate doctor report" ;;
      3,keyring) values="show check add remove deny unpin explain pin import" ;;
      3,policy) values="check show explain test generate" ;;
      3,reference) values="show check import needed" ;;
      3,tsm) values="show connect disconnect" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
    return
  fi
  [[ $verb != version ]] || return

  local options='' words='' files=yes pci=''
  case $verb in
    info) options="$live --vendor-request" words=$targets pci=1 ;;
    auth) options="$live $policy $session --tolerate --sign-key --ear-profile --cmw --expect --extend-pcr --pcr-log --pin-first-use --reference --measurements --summary" words=$targets pci=1 ;;
    measurements)
      options="$live $policy $session --tolerate --sign-key --ear-profile --cmw --expect --extend-pcr --pcr-log --pin-first-use --reference --index --each --count
        --raw --new --no-signature --extension-log --endpoint-info --save-reference --overwrite" words=$targets pci=1
      ;;
    certs) options="$live --export-pem --export-der --export-root --overwrite" words=$targets pci=1 ;;
    inspect) options="$live --for --function-id --requester-key --requester-cert" words=$targets pci=1 ;;
    collect) options="-f --format -o --output -v --verbose -h --help --help-all $speak $session --tolerate --cmw --sign-key --nonce --inspect --extension-log --endpoint-info --jobs" words=$targets pci=1 ;;
    audit) options="$live_only --jobs $policy --sign-key --ear-profile --cmw --expect --reference --total --since --metrics --evidence" words=$targets pci=1 ;;
    verify) options="$output $trust $policy --session-secrets --tolerate --sign-key --ear-profile --cmw --expect --unordered --reference --measurements --nonce" ;;
    decode) options="$output --brief --session-secrets --tolerate --hash --asym --openssl --tdisp-report" ;;
    report) options="$output --at --by-file --html" ;;
    keyring)
      case ${COMP_WORDS[2]-} in
        show) options="$output --keyring" files='' ;;
        check) options="$output --keyring --at" files='' ;;
        add) options="$output --keyring --name --overwrite --allow-non-ca" ;;
        remove) options="$output --keyring --force" files='' ;;
        deny) options="$output --keyring --key --tbs --comment" ;;
        unpin) options="$output --keyring --force" files='' ;;
        explain) options="$live_only $policy" words=$targets pci=1 ;;
        pin) options="$live_only $policy --by --vouch" words=$targets pci=1 ;;
        import) options="$live_only --efi --kernel --fingerprint --yes --name --overwrite" words=$targets pci=1 ;;
        *) options="-h --help --help-all" words="show check add remove deny unpin explain pin import" files='' ;;
      esac
      ;;
    policy)
      case ${COMP_WORDS[2]-} in
        check) options="$output --strict --policy $keyring" ;;
        show) options="$output --policy" files='' ;;
        explain) options="$live_only --jobs --policy --reference" words=$targets pci=1 ;;
        test) options="$output $trust --policy --reference" ;;
        generate) options="-o --output --overwrite -v --verbose -h --help --help-all $trust $speak --jobs" words=$targets pci=1 ;;
        *) options="-h --help --help-all" words="check show explain test generate" files='' ;;
      esac
      ;;
    reference)
      case ${COMP_WORDS[2]-} in
        show | check) options=$output ;;
        import) options="-o --output --match --signer --complete --environments --overwrite -h --help --help-all" ;;
        needed) options="$output --chain" ;;
        *) options="-h --help --help-all" words="show check import needed" files='' ;;
      esac
      ;;
    emulate) options="$output --listen --port-file --once --init --algorithm --identity --device-info" ;;
    doctor) options="$output $keyring --policy --reference" files='' ;;
    gate) options="$output $keyring $gate --dry-run --enforce --release --occasion --manifest --kernel --image" pci=1 files='' ;;
    watch) options="${output/ --json -o --output/} $keyring $gate --enforce --interval --events --hold --drives --background --end" ;;
    status) options="$output --policy" pci=1 files='' ;;
    list) options="$output --all --discover --drives --mctp --timeout" pci=1 files='' ;;
    tsm)
      case ${COMP_WORDS[2]-} in
        show) options=$output pci=1 files='' ;;
        connect | disconnect) options=$output words=$(ls /sys/class/tsm 2>/dev/null) pci=1 files='' ;;
        *) options="-h --help --help-all" words="show connect disconnect" files='' ;;
      esac
      ;;
  esac
  # Bash replaces only what follows the last colon.
  local line=${COMP_LINE-} whole='' before=''
  line=${line:0:${COMP_POINT:-0}}
  whole=${line##*[[:space:]]}
  [[ $whole == *:* ]] && before=${whole%"${whole##*:}"}
  [[ $before ]] && words='' || whole=$cur
  if [[ $pci ]]; then
    for device in $devices; do [[ $device == "$whole"* ]] && words+=" ${device#"$before"}"; done
  fi
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"; [[ -z $files ]] || compgen -f -- "$cur")
    [[ ${COMPREPLY[0]-} == *[:/] ]] && compopt -o nospace 2>/dev/null
  fi
}

complete -F _spdmctl spdmctl
