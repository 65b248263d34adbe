# fish completion for spdmctl-rim

complete -c spdmctl-rim -l signer -r -F -d "Public key, certificate or chain of the signer"
complete -c spdmctl-rim -l match -x -d "Which devices they are for"
complete -c spdmctl-rim -l index-shift -x -d "What is added to an index of the RIM"
complete -c spdmctl-rim -s o -l output -r -F -d "Write to this file"
complete -c spdmctl-rim -l overwrite -d "Replace the file if it exists"
complete -c spdmctl-rim -s v -l verbose -d "Show how the process is confined"
complete -c spdmctl-rim -s h -l help -d "Print a summary of the options"
complete -c spdmctl-rim -l version -d "Print the version"
