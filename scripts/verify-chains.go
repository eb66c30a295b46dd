// Verifies testdata/chains with Go's crypto/x509. Prints one line per case, with the result and the reason.
//
//	go run scripts/verify-chains.go testdata/chains
//
// Each case is verified at its time and for its name, with only its roots. Certificates known from
// elsewhere are treated as if they had been sent. Run manually, for docs/ACCURACY.md.
package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type says struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run scripts/verify-chains.go testdata/chains")
		os.Exit(2)
	}
	files, _ := filepath.Glob(filepath.Join(os.Args[1], "*", "case.json"))
	for _, file := range files {
		folder := filepath.Dir(file)
		answer, reason := "accepts", ""
		if err := verify(folder); err != nil {
			answer, reason = "refuses", strings.Join(strings.Fields(err.Error()), " ")
		}
		fmt.Printf("%s\t%s\t%s\n", filepath.Base(folder), answer, reason)
	}
}

func verify(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, "case.json"))
	if err != nil {
		return err
	}
	var says says
	if err := json.Unmarshal(text, &says); err != nil {
		return err
	}
	sent := blocks(filepath.Join(folder, "chain.pem"))
	leaf, err := x509.ParseCertificate(sent[0])
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{
		DNSName:       says.Name,
		CurrentTime:   says.At,
		Roots:         pool(blocks(filepath.Join(folder, "roots.pem"))),
		Intermediates: pool(append(sent[1:], blocks(filepath.Join(folder, "extra.pem"))...)),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if net.ParseIP(says.Name) != nil {
		options.DNSName = "[" + says.Name + "]"
	}
	_, err = leaf.Verify(options)
	return err
}

// pool returns the certificates that can be parsed: crypto/tls would fail the handshake for the others.
func pool(certificates [][]byte) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, der := range certificates {
		if certificate, err := x509.ParseCertificate(der); err == nil {
			pool.AddCert(certificate)
		}
	}
	return pool
}

func blocks(path string) (found [][]byte) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		found = append(found, block.Bytes)
	}
	return found
}
