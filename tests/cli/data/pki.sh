#!/bin/sh
# Makes a small PKI with openssl: root.pem, middle.pem, and a device below them (device.pem, key.pem), all in the folder given, with
# profile.yaml, the revocation lists of the root: none.crl revokes nothing, middle.crl the intermediate, and OCSP responses of the
# intermediate about the device: good.ocsp, revoked.ocsp.
set -e
mkdir -p "$1"
cd "$1"
new_key() { openssl ecparam -name secp384r1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }
new_key root.key && new_key middle.key && new_key key.pem
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' > ca.cnf
printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n1.3.6.1.4.1.412.274.6=DER:300e300c060a2b06010401831c821202\n' > leaf.cnf
openssl req -new -x509 -sha384 -days 3650 -subj '/CN=root' -key root.key -out root.pem -addext keyUsage=critical,keyCertSign,cRLSign
issue() { # KEY SUBJECT SERIAL EXTENSIONS ISSUER ISSUER_KEY OUT
  openssl req -new -key "$1" -subj "/CN=$2" | openssl x509 -req -sha384 -days 3650 -set_serial "$3" -extfile "$4" -CA "$5" -CAkey "$6" -out "$7" 2> /dev/null
}
issue middle.key middle 2 ca.cnf root.pem root.key middle.pem
issue key.pem device 3 leaf.cnf middle.pem middle.key device.pem
cat root.pem middle.pem device.pem > chain.pem
printf '[ca]\ndefault_ca=own\n[own]\ndatabase=index\ncrlnumber=number\ndefault_md=sha384\ndefault_crl_days=300\n' > ca.conf
: > index
echo 01 > number
gencrl() { openssl ca -config ca.conf -gencrl -keyfile root.key -cert root.pem -out "$1" 2> /dev/null; }
gencrl none.crl
printf 'R\t360101000000Z\t260102030405Z,CACompromise\t02\tunknown\t/CN=middle\n' > index
gencrl middle.crl
answer() { # INDEX OUT
  printf '%b' "$1" > answers
  openssl ocsp -index answers -CA middle.pem -rsigner middle.pem -rkey middle.key -issuer middle.pem -serial 3 -ndays 300 -noverify \
    -respout "$2" > /dev/null 2>&1
}
answer 'V\t360101000000Z\t\t03\tunknown\t/CN=device\n' good.ocsp
answer 'R\t360101000000Z\t260102030405Z,certificateHold\t03\tunknown\t/CN=device\n' revoked.ocsp
printf 'slots:\n  - {slot: 0, chain: chain.pem, key: key.pem}\n' > profile.yaml
