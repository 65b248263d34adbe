# fish completion for spdmctl

set -l verbs info auth measurements certs collect verify decode keyring emulate gate watch status doctor list tsm
set -l judging info auth measurements certs verify decode keyring emulate gate watch status doctor list tsm
set -l live info auth measurements certs
set -l asym RSASSA-2048 RSAPSS-2048 RSASSA-3072 RSAPSS-3072 ECDSA-P256 RSASSA-4096 RSAPSS-4096 ECDSA-P384 ECDSA-P521 \
  SM2-P256 Ed25519 Ed448 ML-DSA-44 ML-DSA-65 ML-DSA-87 SLH-DSA-SHA2-128s SLH-DSA-SHAKE-128s \
  SLH-DSA-SHA2-128f SLH-DSA-SHAKE-128f SLH-DSA-SHA2-192s SLH-DSA-SHAKE-192s SLH-DSA-SHA2-192f \
  SLH-DSA-SHAKE-192f SLH-DSA-SHA2-256s SLH-DSA-SHAKE-256s SLH-DSA-SHA2-256f SLH-DSA-SHAKE-256f
set -l hash SHA-256 SHA-384 SHA-512 SHA3-256 SHA3-384 SHA3-512 SM3-256

complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -l version -d Version
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -s h -l help -d "Summary of the verbs"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a info -d "Show what a device can do"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a auth -d "Authenticate devices"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a measurements -d "Authenticate devices and read their measurements"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a certs -d "Show or save the certificates of devices"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a collect -d "Gather evidence for a verifier elsewhere"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a verify -d "Judge recorded evidence and captures"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a decode -d "Show recorded messages field by field"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a keyring -d "List, check and change the certificates that are trusted"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a emulate -d "Be a device"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a gate -d "Keep drivers off PCI devices that do not authenticate"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a watch -d "Attest PCI devices again when something happens to them"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a status -d "Show what the gate decided"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a doctor -d "Say what this system can and cannot do"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a list -d "Show the PCI functions that may speak SPDM"
complete -c spdmctl -n "not __fish_seen_subcommand_from $verbs" -f -a tsm -d "Show, connect and disconnect the attestation of the platform"
complete -c spdmctl -n "__fish_seen_subcommand_from tsm; and not __fish_seen_subcommand_from status connect disconnect" -f -a status -d "Show the TSMs of this system and what is connected"
complete -c spdmctl -n "__fish_seen_subcommand_from tsm; and not __fish_seen_subcommand_from status connect disconnect" -f -a connect -d "Let a TSM own SPDM of a device"
complete -c spdmctl -n "__fish_seen_subcommand_from tsm; and not __fish_seen_subcommand_from status connect disconnect" -f -a disconnect -d "Take a device away from its TSM"
complete -c spdmctl -n "__fish_seen_subcommand_from list tsm; and not __fish_seen_subcommand_from keyring" -f -a "(path basename /sys/bus/pci/devices/* 2>/dev/null)"
complete -c spdmctl -n "__fish_seen_subcommand_from keyring; and not __fish_seen_subcommand_from list check add remove" -f -a list -d "Show every certificate that counts"
complete -c spdmctl -n "__fish_seen_subcommand_from keyring; and not __fish_seen_subcommand_from list check add remove" -f -a check -d "Say what is wrong with the keyring"
complete -c spdmctl -n "__fish_seen_subcommand_from keyring; and not __fish_seen_subcommand_from list check add remove" -f -a add -d "Trust the certificates of files"
complete -c spdmctl -n "__fish_seen_subcommand_from keyring; and not __fish_seen_subcommand_from list check add remove" -f -a remove -d "Trust a certificate no longer"
complete -c spdmctl -n "__fish_seen_subcommand_from $live collect" -a "all emu:// tcp:// emulated: file: pcap: (ls /sys/bus/pci/devices 2>/dev/null)"

complete -c spdmctl -n "__fish_seen_subcommand_from $judging" -s o -l output -x -a "text json ndjson yaml" -d "Format"
complete -c spdmctl -n "__fish_seen_subcommand_from auth measurements verify" -s o -l output -x -a "ear redfish" -d "Format"
complete -c spdmctl -n "__fish_seen_subcommand_from auth measurements verify" -l sign-key -r -F -d "Sign the EAR with this private key"
complete -c spdmctl -n "__fish_seen_subcommand_from $judging" -l json -d "JSON"
complete -c spdmctl -n "__fish_seen_subcommand_from $verbs" -s v -l verbose -d "Show everything that is known"
complete -c spdmctl -n "__fish_seen_subcommand_from $judging" -l no-color -d "No colours"
complete -c spdmctl -n "__fish_seen_subcommand_from $verbs" -s h -l help -d "Summary of the options"

complete -c spdmctl -n "__fish_seen_subcommand_from $live verify gate watch doctor" -l keyring -x -a "(__fish_complete_directories)" -d "Directory of trusted certificates"
complete -c spdmctl -n "__fish_seen_subcommand_from $live verify gate watch doctor" -l root -r -F -d "Trust the certificates of this file, too"
complete -c spdmctl -n "__fish_seen_subcommand_from $live verify gate watch doctor" -l at -x -d "Certificates must be valid at this time"
complete -c spdmctl -n "__fish_seen_subcommand_from $live verify gate watch doctor" -l partial-chain -d "Any certificate of the keyring may end a chain"

complete -c spdmctl -n "__fish_seen_subcommand_from $live verify" -l identity -x -d "PCI identity that the device must have"
complete -c spdmctl -n "__fish_seen_subcommand_from $live verify" -l identity-match -x -a "exact ids none" -d "How well certificate and identity must agree"
complete -c spdmctl -n "__fish_seen_subcommand_from $live verify" -l provisioned-key -r -F -d "Public key of the device"

complete -c spdmctl -n "__fish_seen_subcommand_from $live collect" -l timeout -x -d "Longest wait for one answer"
complete -c spdmctl -n "__fish_seen_subcommand_from $live collect" -l slot -x -a "0 1 2 3 4 5 6 7 all 255" -d "Certificate slot"
complete -c spdmctl -n "__fish_seen_subcommand_from $live collect" -l spdm-version -x -a "1.0 1.1 1.2 1.3 1.4" -d "Speak only these versions"
complete -c spdmctl -n "__fish_seen_subcommand_from $live collect" -l asym -x -a "$asym" -d "Offer only these signature algorithms"
complete -c spdmctl -n "__fish_seen_subcommand_from $live collect" -l hash -x -a "$hash" -d "Offer only these hash algorithms"
complete -c spdmctl -n "__fish_seen_subcommand_from $live" -l record -r -F -d "Write what was seen to this file"
complete -c spdmctl -n "__fish_seen_subcommand_from $live collect" -l force -d "Use a PCI device although somebody else seems to own it"

complete -c spdmctl -n "__fish_seen_subcommand_from auth measurements" -l extend-pcr -x -a "8 9 10 11 12 13 14 15 16 23" -d "Measure the evidence into this PCR"
complete -c spdmctl -n "__fish_seen_subcommand_from auth" -l measurements -d "Ask for signed measurements, too"
complete -c spdmctl -n "__fish_seen_subcommand_from auth" -l summary -x -a "none tcb all" -d "Hash over measurements"

complete -c spdmctl -n "__fish_seen_subcommand_from measurements" -l index -x -d "Only this measurement"
complete -c spdmctl -n "__fish_seen_subcommand_from measurements" -l each -d "One request for each measurement"
complete -c spdmctl -n "__fish_seen_subcommand_from measurements" -l count -d "Only how many there are"
complete -c spdmctl -n "__fish_seen_subcommand_from measurements" -l raw -d "Raw bit streams in place of digests"
complete -c spdmctl -n "__fish_seen_subcommand_from measurements" -l new -d "Ask the device to measure anew"
complete -c spdmctl -n "__fish_seen_subcommand_from measurements" -l no-signature -d "Do not ask for a signature"
complete -c spdmctl -n "__fish_seen_subcommand_from measurements" -l extension-log -d "Read the measurement extension log, too"
complete -c spdmctl -n "__fish_seen_subcommand_from info" -l vendor-request -x -d "Send this vendor-defined request and show the answer"
complete -c spdmctl -n "__fish_seen_subcommand_from measurements" -l endpoint-info -d "Read the endpoint information, too"

complete -c spdmctl -n "__fish_seen_subcommand_from certs" -l export-pem -r -F -d "Save the chain as PEM"
complete -c spdmctl -n "__fish_seen_subcommand_from certs" -l export-der -r -F -d "Save the chain as DER"
complete -c spdmctl -n "__fish_seen_subcommand_from certs" -l export-root -r -F -d "Save the root"
complete -c spdmctl -n "__fish_seen_subcommand_from certs" -l overwrite -d "Replace files that exist"

complete -c spdmctl -n "__fish_seen_subcommand_from collect" -s o -l file -r -F -d "Write the evidence to this file"
complete -c spdmctl -n "__fish_seen_subcommand_from collect" -l nonce -x -d "The nonce of the verifier"
complete -c spdmctl -n "__fish_seen_subcommand_from collect" -l extension-log -d "The measurement extension log, too"
complete -c spdmctl -n "__fish_seen_subcommand_from collect" -l endpoint-info -d "The endpoint information, too"

complete -c spdmctl -n "__fish_seen_subcommand_from verify" -l unordered -d "Write each report as soon as it is there"
complete -c spdmctl -n "__fish_seen_subcommand_from verify" -l measurements -d "Signed measurements must be there, too"
complete -c spdmctl -n "__fish_seen_subcommand_from verify" -l nonce -x -d "The nonce that signatures must be made for"

complete -c spdmctl -n "__fish_seen_subcommand_from decode" -l openssl -x -a "(__fish_complete_directories)" -d "Write the signatures, and how openssl checks them"
complete -c spdmctl -n "__fish_seen_subcommand_from decode" -l hash -x -a "$hash" -d "Negotiated hash"
complete -c spdmctl -n "__fish_seen_subcommand_from decode" -l asym -x -a "$asym" -d "Negotiated signature algorithm"

complete -c spdmctl -n "__fish_seen_subcommand_from keyring" -l keyring -x -a "(__fish_complete_directories)" -d "The directory to use"
complete -c spdmctl -n "__fish_seen_subcommand_from keyring; and __fish_seen_subcommand_from check" -l at -x -d "Certificates must be valid at this time"
complete -c spdmctl -n "__fish_seen_subcommand_from keyring; and __fish_seen_subcommand_from add" -l name -x -d "Name in the keyring"
complete -c spdmctl -n "__fish_seen_subcommand_from keyring; and __fish_seen_subcommand_from add" -l force -d "Replace a file of that name; take certificates that are no authorities"
complete -c spdmctl -n "__fish_seen_subcommand_from keyring; and __fish_seen_subcommand_from remove" -l force -d "Remove a file of several certificates"

complete -c spdmctl -n "__fish_seen_subcommand_from emulate" -l listen -x -d "Where to wait for requesters"
complete -c spdmctl -n "__fish_seen_subcommand_from emulate" -l port-file -r -F -d "Write the port to this file"
complete -c spdmctl -n "__fish_seen_subcommand_from emulate" -l once -d "End with the first connection"
complete -c spdmctl -n "__fish_seen_subcommand_from emulate" -l init -x -a "(__fish_complete_directories)" -d "Make a throw-away device in this directory"
complete -c spdmctl -n "__fish_seen_subcommand_from emulate" -l algorithm -x -a "$asym" -d "Signature algorithm of its keys"
complete -c spdmctl -n "__fish_seen_subcommand_from emulate" -l identity -x -d "PCI identity in its certificate"
complete -c spdmctl -n "__fish_seen_subcommand_from emulate" -l device-info -x -d "Device information in its certificate"

complete -c spdmctl -n "__fish_seen_subcommand_from gate watch" -l mode -x -a "off audit enforce" -d "What the gate does"
complete -c spdmctl -n "__fish_seen_subcommand_from gate" -l dry-run -d "Only tell what would be done"
complete -c spdmctl -n "__fish_seen_subcommand_from gate" -l enforce -d "Do it, outside of an initrd, too"
complete -c spdmctl -n "__fish_seen_subcommand_from gate" -l release -d "Undo what a gate did"
complete -c spdmctl -n "__fish_seen_subcommand_from gate watch" -l policy -x -a "(__fish_complete_directories)" -d "Directory of policy files"
complete -c spdmctl -n "__fish_seen_subcommand_from gate watch" -l timeout -x -d "Time for all devices together"
complete -c spdmctl -n "__fish_seen_subcommand_from gate" -l occasion -x -a "boot arrival resume reset interval request" -d "Why now"

complete -c spdmctl -n "__fish_seen_subcommand_from list; and not __fish_seen_subcommand_from keyring" -l all -d "Every PCI function"
complete -c spdmctl -n "__fish_seen_subcommand_from list; and not __fish_seen_subcommand_from keyring" -l discover -d "Ask the mailboxes where the kernel does not tell"
complete -c spdmctl -n "__fish_seen_subcommand_from list; and not __fish_seen_subcommand_from keyring" -l timeout -x -d "Longest wait for the mailboxes of a function"
complete -c spdmctl -n "__fish_seen_subcommand_from watch" -l enforce -d "Do what policy says, and do not only tell"
complete -c spdmctl -n "__fish_seen_subcommand_from watch" -l interval -x -d "Attest all devices again after so many seconds"
complete -c spdmctl -n "__fish_seen_subcommand_from watch" -l hold -d "No driver for a device that is plugged in before it is judged"
