# fish completion for spdmctl
#
# A verb below a verb is written with a slash: keyring/add. An option is one line, with the verbs that have it.

# Whether one of these verbs was given. "/": none was yet; "keyring/": none below keyring was.
function __spdmctl_in
    set -l words (commandline -opc)
    contains -- "$words[2]" $argv; or contains -- "$words[2]/$words[3]" $argv
end

# The PCI functions of this host, each with its vendor and device.
function __spdmctl_functions
    for folder in /sys/bus/pci/devices/*
        printf '%s\t%s\n' (string split -r -m 1 -f 2 / $folder) (cat $folder/vendor $folder/device 2>/dev/null | string replace 0x '' | string join :)
    end
end

function __spdmctl_targets
    printf '%s\t%s\n' all 'Every PCI device' nvme:/dev/nvme 'NVMe controller' scsi:/dev/sg 'SCSI drive' mctp: 'MCTP endpoint' \
        emu:// 'Socket of an emulator' tcp:// 'SPDM over TCP' emulated: 'Device in software, by its profile' file: Recording pcap: Capture
    __spdmctl_functions
end

function __spdmctl_tsms
    for folder in /sys/class/tsm/*
        string split -r -m 1 -f 2 / $folder
    end
end

set -l asym RSASSA-2048 RSAPSS-2048 RSASSA-3072 RSAPSS-3072 ECDSA-P256 RSASSA-4096 RSAPSS-4096 ECDSA-P384 ECDSA-P521 \
  SM2-P256 Ed25519 Ed448 ML-DSA-44 ML-DSA-65 ML-DSA-87 SLH-DSA-SHA2-128s SLH-DSA-SHAKE-128s \
  SLH-DSA-SHA2-128f SLH-DSA-SHAKE-128f SLH-DSA-SHA2-192s SLH-DSA-SHAKE-192s SLH-DSA-SHA2-192f \
  SLH-DSA-SHAKE-192f SLH-DSA-SHA2-256s SLH-DSA-SHAKE-256s SLH-DSA-SHA2-256f SLH-DSA-SHAKE-256f
set -l hash SHA-256 SHA-384 SHA-512 SHA3-256 SHA3-384 SHA3-512 SM3-256
set -l key_exchange secp256r1 secp384r1 secp521r1 ffdhe2048 ffdhe3072 ffdhe4096 ML-KEM-512 ML-KEM-768 ML-KEM-1024
set -l aead AES-128-GCM AES-256-GCM ChaCha20-Poly1305 SM4-GCM

# Verbs that have options in common.
set -l verbs info auth measurements certs inspect collect verify decode keyring policy reference audit emulate gate watch status doctor list tsm report
set -l keyring_verbs keyring/show keyring/check keyring/add keyring/remove keyring/deny keyring/unpin keyring/explain keyring/pin keyring/import
set -l policy_verbs policy/check policy/show policy/explain policy/test policy/generate
set -l reference_verbs reference/show reference/check reference/import reference/needed
set -l tsm_verbs tsm/show tsm/connect tsm/disconnect
set -l live info auth measurements certs inspect
set -l asking $live audit keyring/explain keyring/pin keyring/import policy/explain policy/generate
set -l trusting $asking verify policy/test
set -l anchored $trusting gate watch doctor policy/check
set -l in_session auth measurements collect
set -l judging auth measurements verify audit
set -l printing $live verify audit decode report emulate doctor gate status list $keyring_verbs policy/check policy/show policy/explain policy/test reference/show reference/check reference/needed $tsm_verbs
set -l without_files / keyring/ policy/ reference/ tsm/ keyring/show keyring/check keyring/remove keyring/unpin policy/show gate watch status doctor list $tsm_verbs

complete -c spdmctl -n "__spdmctl_in $without_files" -f
complete -c spdmctl -n "__spdmctl_in /" -l version -d Version
complete -c spdmctl -n "__spdmctl_in /" -s h -l help -d "Summary of the verbs"
complete -c spdmctl -n "__spdmctl_in /" -l help-all -d "Summary of the verbs"
complete -c spdmctl -n "__spdmctl_in /" -a info -d "Show what a device can do"
complete -c spdmctl -n "__spdmctl_in /" -a auth -d "Authenticate devices"
complete -c spdmctl -n "__spdmctl_in /" -a measurements -d "Authenticate devices and read their measurements"
complete -c spdmctl -n "__spdmctl_in /" -a certs -d "Show or save the certificates of devices"
complete -c spdmctl -n "__spdmctl_in /" -a inspect -d "Show whether a device is ready for PCI encryption"
complete -c spdmctl -n "__spdmctl_in /" -a collect -d "Gather evidence for a verifier elsewhere"
complete -c spdmctl -n "__spdmctl_in /" -a verify -d "Judge recorded evidence and captures"
complete -c spdmctl -n "__spdmctl_in /" -a decode -d "Show recorded messages field by field"
complete -c spdmctl -n "__spdmctl_in /" -a report -d "Summarise the reports of many hosts"
complete -c spdmctl -n "__spdmctl_in /" -a keyring -d "List, check and change the certificates that are trusted"
complete -c spdmctl -n "__spdmctl_in /" -a policy -d "Check, show, explain, test and draft the policy"
complete -c spdmctl -n "__spdmctl_in /" -a audit -d "Attest every device of this host, and judge it by policy"
complete -c spdmctl -n "__spdmctl_in /" -a reference -d "Show, check and import reference values"
complete -c spdmctl -n "__spdmctl_in /" -a emulate -d "Be a device"
complete -c spdmctl -n "__spdmctl_in /" -a gate -d "Keep drivers off PCI devices that do not authenticate"
complete -c spdmctl -n "__spdmctl_in /" -a watch -d "Attest PCI devices again when something happens to them"
complete -c spdmctl -n "__spdmctl_in /" -a status -d "Show what the gate decided"
complete -c spdmctl -n "__spdmctl_in /" -a doctor -d "Say what this system can and cannot do"
complete -c spdmctl -n "__spdmctl_in /" -a list -d "Show the devices that may speak SPDM"
complete -c spdmctl -n "__spdmctl_in /" -a tsm -d "Show, connect and disconnect the attestation of the platform"
complete -c spdmctl -n "__spdmctl_in /" -a help -d "Show the help of a verb"
complete -c spdmctl -n "__spdmctl_in /" -a version -d "Show the version"
complete -c spdmctl -n "__spdmctl_in help" -f -a "$verbs"
complete -c spdmctl -n "__spdmctl_in tsm/" -a show -d "Show the TSMs of this system and what is connected"
complete -c spdmctl -n "__spdmctl_in tsm/" -a connect -d "Connect a device to a TSM, which then owns its SPDM"
complete -c spdmctl -n "__spdmctl_in tsm/" -a disconnect -d "Disconnect a device from its TSM"
complete -c spdmctl -n "__spdmctl_in keyring/" -a show -d "Show all that counts"
complete -c spdmctl -n "__spdmctl_in keyring/" -a check -d "Say what is wrong with the keyring"
complete -c spdmctl -n "__spdmctl_in keyring/" -a add -d "Trust the certificates of files"
complete -c spdmctl -n "__spdmctl_in keyring/" -a remove -d "Remove a certificate, which is then no longer trusted"
complete -c spdmctl -n "__spdmctl_in keyring/" -a deny -d "Put certificates or keys on the deny list"
complete -c spdmctl -n "__spdmctl_in keyring/" -a unpin -d "Remove the pin of a device"
complete -c spdmctl -n "__spdmctl_in keyring/" -a explain -d "Tell who vouches for a device, or what is missing"
complete -c spdmctl -n "__spdmctl_in keyring/" -a pin -d "Have a device show the same again from now on"
complete -c spdmctl -n "__spdmctl_in keyring/" -a import -d "Trust roots of the firmware, a kernel or a device"
complete -c spdmctl -n "__spdmctl_in policy/" -a check -d "Read every file and tell what is wrong"
complete -c spdmctl -n "__spdmctl_in policy/" -a show -d "Show the rules of all files together"
complete -c spdmctl -n "__spdmctl_in policy/" -a explain -d "Tell which rule decides on a device"
complete -c spdmctl -n "__spdmctl_in policy/" -a test -d "Judge evidence and compare with what is expected"
complete -c spdmctl -n "__spdmctl_in policy/" -a generate -d "Write a first policy for the devices of this host"
complete -c spdmctl -n "__spdmctl_in reference/" -a show -d "Show all reference values"
complete -c spdmctl -n "__spdmctl_in reference/" -a check -d "Say where a reference value is wrong"
complete -c spdmctl -n "__spdmctl_in reference/" -a import -d "Convert CoRIM to a file of reference values"
complete -c spdmctl -n "__spdmctl_in reference/" -a needed -d "Show which reference documents devices need"

complete -c spdmctl -n "__spdmctl_in $asking collect" -a "(__spdmctl_targets)"
complete -c spdmctl -n "__spdmctl_in gate status list $tsm_verbs" -a "(__spdmctl_functions)"
complete -c spdmctl -n "__spdmctl_in tsm/connect tsm/disconnect" -a "(__spdmctl_tsms)"

complete -c spdmctl -n "__spdmctl_in $verbs" -s h -l help -d "Summary of the options"
complete -c spdmctl -n "__spdmctl_in $verbs" -l help-all -d "All options"
complete -c spdmctl -n "__spdmctl_in $printing" -s f -l format -x -a "text json ndjson yaml" -d "Format"
complete -c spdmctl -n "__spdmctl_in $judging" -s f -l format -x -a "ear redfish" -d "Format"
complete -c spdmctl -n "__spdmctl_in verify" -s f -l format -x -a "eat" -d "Format"
complete -c spdmctl -n "__spdmctl_in watch" -s f -l format -x -a "text ndjson" -d "Format"
complete -c spdmctl -n "__spdmctl_in collect" -s f -l format -x -a "ndjson eat" -d "Format"
complete -c spdmctl -n "__spdmctl_in $printing" -l json -d "JSON"
complete -c spdmctl -n "__spdmctl_in $printing collect policy/generate reference/import" -s o -l output -r -F -d "Write to this file"
complete -c spdmctl -n "__spdmctl_in $printing collect watch policy/generate" -s v -l verbose -d "Show all details"
complete -c spdmctl -n "__spdmctl_in $printing watch" -s q -l quiet -d "No text, only the exit code"
complete -c spdmctl -n "__spdmctl_in $printing watch" -l color -x -a "auto always never" -d "When text has colours"
complete -c spdmctl -n "__spdmctl_in $printing watch" -l no-color -d "No colours"
complete -c spdmctl -n "__spdmctl_in $judging" -l sign-key -r -F -d "Sign the EAR with this private key"
complete -c spdmctl -n "__spdmctl_in $judging" -l ear-profile -x -a "2023 2026" -d "Names of the EAR"
complete -c spdmctl -n "__spdmctl_in $judging collect" -l cmw -x -a "json cbor" -d "Wrapper around the EAR or the token"

complete -c spdmctl -n "__spdmctl_in $anchored" -l keyring -x -a "(__fish_complete_directories)" -d "Directory of trusted certificates"
complete -c spdmctl -n "__spdmctl_in $anchored" -l root -r -F -d "Trust the certificates in this file"
complete -c spdmctl -n "__spdmctl_in $anchored" -l at -x -d "Certificates must be valid at this time"
complete -c spdmctl -n "__spdmctl_in $anchored" -l partial-chain -d "Any certificate of the keyring may end a chain"
complete -c spdmctl -n "__spdmctl_in policy/check" -l strict -d "Exit code 2 on warnings, too"

complete -c spdmctl -n "__spdmctl_in $trusting" -l host-keys -x -a "(__fish_complete_directories)" -d "Directory with public keys of hosts, NAME.pem"
complete -c spdmctl -n "__spdmctl_in $trusting" -l identity -x -d "PCI identity that the device must have"
complete -c spdmctl -n "__spdmctl_in $trusting" -l identity-match -x -a "exact ids none" -d "How well certificate and identity must agree"
complete -c spdmctl -n "__spdmctl_in $trusting" -l trust-host -d "What the host that collected says of the device counts"
complete -c spdmctl -n "__spdmctl_in $trusting" -l require-fresh -d "What is not shown to be fresh does not pass"
complete -c spdmctl -n "__spdmctl_in $trusting reference/needed" -l chain -r -F -d "Certificates of the device, for recordings without"
complete -c spdmctl -n "__spdmctl_in $trusting" -l provisioned-key -r -F -d "Public key of the device"
complete -c spdmctl -n "__spdmctl_in $judging doctor policy/explain policy/test" -l reference -r -F -d "Compare measurements with these values"
complete -c spdmctl -n "__spdmctl_in $judging gate watch status doctor keyring/explain keyring/pin policy/check policy/show policy/explain policy/test" -l policy -r -F -d "Policy, a file or a directory"
complete -c spdmctl -n "__spdmctl_in $judging keyring/explain keyring/pin" -l no-policy -d "Ask for no more, whatever the policy says"

complete -c spdmctl -n "__spdmctl_in $asking collect" -l timeout -x -d "Longest wait for one answer"
complete -c spdmctl -n "__spdmctl_in $asking collect" -l slot -x -a "0 1 2 3 4 5 6 7 all 255" -d "Certificate slot"
complete -c spdmctl -n "__spdmctl_in $asking collect" -l spdm-version -x -a "1.0 1.1 1.2 1.3 1.4" -d "Speak only these versions"
complete -c spdmctl -n "__spdmctl_in $asking collect" -l asym -x -a "$asym" -d "Offer only these signature algorithms"
complete -c spdmctl -n "__spdmctl_in $asking collect" -l hash -x -a "$hash" -d "Offer only these hash algorithms"
complete -c spdmctl -n "__spdmctl_in $asking collect" -l force -d "Use a PCI device although somebody else seems to own it"
complete -c spdmctl -n "__spdmctl_in $asking collect" -l via -x -a "doe storage mctp" -d "How a drive is asked; mctp: endpoints"
complete -c spdmctl -n "__spdmctl_in $live audit collect policy/explain policy/generate" -l jobs -x -d "Devices that are asked at the same time"
complete -c spdmctl -n "__spdmctl_in $live" -l record -r -F -d "Write what was seen to this file"

complete -c spdmctl -n "__spdmctl_in auth measurements" -l pin-first-use -d "Pin the key of devices that pass and have no pin yet"
complete -c spdmctl -n "__spdmctl_in auth measurements" -l extend-pcr -x -a "8 9 10 11 12 13 14 15 16 23" -d "Measure the evidence into this PCR"
complete -c spdmctl -n "__spdmctl_in auth measurements" -l pcr-log -r -F -d "Measure results, and write them to this file"
complete -c spdmctl -n "__spdmctl_in auth" -l measurements -d "Ask for signed measurements, too"
complete -c spdmctl -n "__spdmctl_in auth" -l summary -x -a "none tcb all" -d "Hash over measurements"

complete -c spdmctl -n "__spdmctl_in measurements" -l index -x -d "Only this measurement"
complete -c spdmctl -n "__spdmctl_in measurements" -l each -d "One request for each measurement"
complete -c spdmctl -n "__spdmctl_in measurements" -l count -d "Only how many there are"
complete -c spdmctl -n "__spdmctl_in measurements" -l raw -d "Raw bit streams in place of digests"
complete -c spdmctl -n "__spdmctl_in measurements" -l new -d "Ask the device to measure anew"
complete -c spdmctl -n "__spdmctl_in measurements" -l no-signature -d "Do not ask for a signature"
complete -c spdmctl -n "__spdmctl_in measurements" -l extension-log -d "Read the measurement extension log, too"
complete -c spdmctl -n "__spdmctl_in info" -l vendor-request -x -d "Send this vendor-defined request and show the answer"
complete -c spdmctl -n "__spdmctl_in measurements" -l endpoint-info -d "Read the endpoint information, too"

complete -c spdmctl -n "__spdmctl_in measurements" -l save-reference -r -F -d "Save the measurements as reference values"
complete -c spdmctl -n "__spdmctl_in measurements" -l overwrite -d "Replace the file of --save-reference"

complete -c spdmctl -n "__spdmctl_in reference/import" -l match -x -d "Which devices they are for"
complete -c spdmctl -n "__spdmctl_in reference/import" -l signer -r -F -d "Public key, certificate or chain of the signer"
complete -c spdmctl -n "__spdmctl_in reference/import" -l complete -d "These are all values of the devices"
complete -c spdmctl -n "__spdmctl_in reference/import" -l environments -d "Numbers as keys are of concise evidence, too"
complete -c spdmctl -n "__spdmctl_in reference/import" -l overwrite -d "Replace the file if it exists"

complete -c spdmctl -n "__spdmctl_in certs" -l export-pem -r -F -d "Save the chain as PEM"
complete -c spdmctl -n "__spdmctl_in certs" -l export-der -r -F -d "Save the chain as DER"
complete -c spdmctl -n "__spdmctl_in certs" -l export-root -r -F -d "Save the root"
complete -c spdmctl -n "__spdmctl_in certs" -l overwrite -d "Replace files that exist"

complete -c spdmctl -n "__spdmctl_in inspect" -l for -x -a "ide tee-io" -d "What it must be ready for"
complete -c spdmctl -n "__spdmctl_in inspect" -l function-id -x -d "The function whose interface is asked about"

complete -c spdmctl -n "__spdmctl_in collect" -l sign-key -r -F -d "Sign each line with this private key of the host"
complete -c spdmctl -n "__spdmctl_in collect" -l nonce -x -d "The nonce of the verifier"
complete -c spdmctl -n "__spdmctl_in collect" -l extension-log -d "The measurement extension log, too"
complete -c spdmctl -n "__spdmctl_in collect" -l inspect -d "What there is for PCI encryption, too"
complete -c spdmctl -n "__spdmctl_in collect" -l endpoint-info -d "The endpoint information, too"

complete -c spdmctl -n "__spdmctl_in $in_session" -l in-session -d "Open a secure session, and ask inside of it"
complete -c spdmctl -n "__spdmctl_in $in_session" -l psk -r -F -d "Open it with the key in this file"
complete -c spdmctl -n "__spdmctl_in $in_session" -l psk-hint -x -d "Which key that is, for the device"
complete -c spdmctl -n "__spdmctl_in $in_session inspect" -l requester-key -r -F -d "Private key that says who we are"
complete -c spdmctl -n "__spdmctl_in $in_session inspect" -l requester-cert -r -F -d "Its certificate chain"
complete -c spdmctl -n "__spdmctl_in $in_session" -l key-exchange -x -a "$key_exchange" -d "Offer only these key exchanges"
complete -c spdmctl -n "__spdmctl_in $in_session" -l aead -x -a "$aead" -d "Offer only these ciphers"
complete -c spdmctl -n "__spdmctl_in $in_session" -l handshake-in-the-clear -d "Do not encrypt the handshake"
complete -c spdmctl -n "__spdmctl_in $in_session" -l mac-only -d "Authenticate messages without encrypting them"
complete -c spdmctl -n "__spdmctl_in $in_session" -l exercise -d "Try heartbeat and updates of keys, too"

complete -c spdmctl -n "__spdmctl_in $in_session" -l session-secrets -r -F -d "Keep what opens the session later in this file"
complete -c spdmctl -n "__spdmctl_in verify decode" -l session-secrets -r -F -d "Open the recorded sessions that these secrets are of"

complete -c spdmctl -n "__spdmctl_in verify" -l unordered -d "Write each report as soon as it is there"
complete -c spdmctl -n "__spdmctl_in verify" -l measurements -d "Also require signed measurements"
complete -c spdmctl -n "__spdmctl_in auth measurements verify audit" -l expect -r -F -d "Devices that must be shown"
complete -c spdmctl -n "__spdmctl_in auth measurements verify collect decode" -l tolerate -x -a all -d "For the bench: go on where these rules of the protocol are broken"
complete -c spdmctl -n "__spdmctl_in verify" -l nonce -x -d "The nonce that signatures must be made for"

complete -c spdmctl -n "__spdmctl_in decode" -l brief -d "One line for each message"
complete -c spdmctl -n "__spdmctl_in decode" -l openssl -x -a "(__fish_complete_directories)" -d "Write the signatures, and how openssl checks them"
complete -c spdmctl -n "__spdmctl_in decode" -l tdisp-report -r -F -d "Show this report of a device interface"
complete -c spdmctl -n "__spdmctl_in decode" -l hash -x -a "$hash" -d "Negotiated hash"
complete -c spdmctl -n "__spdmctl_in decode" -l asym -x -a "$asym" -d "Negotiated signature algorithm"

complete -c spdmctl -n "__spdmctl_in report" -l at -x -d "Say which certificates end before and after this time"
complete -c spdmctl -n "__spdmctl_in report" -l by-file -d "Each file is of the host that it is named after"
complete -c spdmctl -n "__spdmctl_in report" -l html -r -F -d "Write the summary to this file, too, as a page"

complete -c spdmctl -n "__spdmctl_in keyring/show keyring/check keyring/add keyring/remove keyring/deny keyring/unpin" -l keyring -x -a "(__fish_complete_directories)" -d "The directory to use"
complete -c spdmctl -n "__spdmctl_in keyring/check" -l at -x -d "Certificates must be valid at this time"
complete -c spdmctl -n "__spdmctl_in keyring/add" -l name -x -d "Name in the keyring"
complete -c spdmctl -n "__spdmctl_in keyring/add keyring/import" -l overwrite -d "Replace a file of that name"
complete -c spdmctl -n "__spdmctl_in keyring/add" -l allow-non-ca -d "Take certificates that are no certificate authorities"
complete -c spdmctl -n "__spdmctl_in keyring/remove" -l force -d "Remove a file of several certificates"
complete -c spdmctl -n "__spdmctl_in keyring/deny" -l key -d "Fingerprints are of public keys"
complete -c spdmctl -n "__spdmctl_in keyring/deny" -l tbs -d "Fingerprints are of signed parts"
complete -c spdmctl -n "__spdmctl_in keyring/deny" -l comment -x -d "Why"
complete -c spdmctl -n "__spdmctl_in keyring/unpin" -l force -d "Remove a file of several pins"
complete -c spdmctl -n "__spdmctl_in keyring/pin" -l by -x -a "leaf-key certificate root" -d "What is pinned"
complete -c spdmctl -n "__spdmctl_in keyring/pin" -l vouch -d "Trust this device by the pin"
complete -c spdmctl -n "__spdmctl_in keyring/import" -l efi -r -F -d "A signature database of the firmware"
complete -c spdmctl -n "__spdmctl_in keyring/import" -l kernel -r -F -d "Certificates one after the other"
complete -c spdmctl -n "__spdmctl_in keyring/import" -l fingerprint -x -d "Trust the certificate with this SHA-256 fingerprint"
complete -c spdmctl -n "__spdmctl_in keyring/import" -l yes -d "Trust all of them, without comparing fingerprints"
complete -c spdmctl -n "__spdmctl_in keyring/import" -l name -x -d "Name in the keyring"

complete -c spdmctl -n "__spdmctl_in policy/generate" -l overwrite -d "Replace that file"

complete -c spdmctl -n "__spdmctl_in audit" -l total -x -d "Time for all devices together"
complete -c spdmctl -n "__spdmctl_in audit" -l since -r -F -d "Show what has changed since this report"
complete -c spdmctl -n "__spdmctl_in audit" -l metrics -r -F -d "Write the results for Prometheus"
complete -c spdmctl -n "__spdmctl_in audit" -l evidence -r -F -d "Write what was judged"

complete -c spdmctl -n "__spdmctl_in emulate" -l listen -x -d "Where to wait for requesters"
complete -c spdmctl -n "__spdmctl_in emulate" -l port-file -r -F -d "Write the port to this file"
complete -c spdmctl -n "__spdmctl_in emulate" -l once -d "Exit after the first connection"
complete -c spdmctl -n "__spdmctl_in emulate" -l init -x -a "(__fish_complete_directories)" -d "Make a throw-away device in this directory"
complete -c spdmctl -n "__spdmctl_in emulate" -l algorithm -x -a "$asym" -d "Signature algorithm of its keys"
complete -c spdmctl -n "__spdmctl_in emulate" -l identity -x -d "PCI identity in its certificate"
complete -c spdmctl -n "__spdmctl_in emulate" -l device-info -x -d "Device information in its certificate"

complete -c spdmctl -n "__spdmctl_in gate watch" -l mode -x -a "off audit enforce" -d "What the gate does"
complete -c spdmctl -n "__spdmctl_in gate watch" -l via -x -a "doe storage" -d "How a drive is asked"
complete -c spdmctl -n "__spdmctl_in gate" -l dry-run -d "Only tell what would be done"
complete -c spdmctl -n "__spdmctl_in gate" -l enforce -d "Do it, outside of an initrd, too"
complete -c spdmctl -n "__spdmctl_in gate" -l release -d "Undo what a gate did"
complete -c spdmctl -n "__spdmctl_in gate" -l manifest -d "Tell what an initrd image takes from this system"
complete -c spdmctl -n "__spdmctl_in gate" -l kernel -x -d "Version of the kernel of the image"
complete -c spdmctl -n "__spdmctl_in gate" -l image -r -F -d "The file of the image"
complete -c spdmctl -n "__spdmctl_in gate watch" -l timeout -x -d "Time for all devices together"
complete -c spdmctl -n "__spdmctl_in gate" -l occasion -x -a "boot arrival resume reset interval request" -d "Why now"

complete -c spdmctl -n "__spdmctl_in list" -l all -d "Every PCI function"
complete -c spdmctl -n "__spdmctl_in list" -l discover -d "Ask the mailboxes where the kernel does not tell"
complete -c spdmctl -n "__spdmctl_in list" -l drives -d "The drives, too, that speak SPDM by their own way"
complete -c spdmctl -n "__spdmctl_in list" -l mctp -d "Ask the MCTP endpoints whether they speak SPDM"
complete -c spdmctl -n "__spdmctl_in list" -l timeout -x -d "Longest wait for the mailboxes of a function"
complete -c spdmctl -n "__spdmctl_in watch" -l enforce -d "Do what the policy says, not only report it"
complete -c spdmctl -n "__spdmctl_in watch" -l interval -x -d "Attest all devices again after so long"
complete -c spdmctl -n "__spdmctl_in watch" -l events -x -d "Ask devices so often whether something has changed in them"
complete -c spdmctl -n "__spdmctl_in watch" -l hold -d "No driver for a device that is plugged in before it is judged"
complete -c spdmctl -n "__spdmctl_in watch" -l drives -d "Attest drives without a mailbox, too"
complete -c spdmctl -n "__spdmctl_in watch" -r -F -l background -d "Go on in the background"
complete -c spdmctl -n "__spdmctl_in watch" -r -F -l end -d "End the watch in the background"
