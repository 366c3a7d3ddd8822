// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Go's net/http with the files of a directory in memory, as Knot has them in its cache: what a server costs whose goroutines are threads as well.
//
//	http PORT DIRECTORY
package main

import (
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

func main() {
	names, err := filepath.Glob(filepath.Join(os.Args[2], "*.html"))
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		http.HandleFunc("/"+filepath.Base(name), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Length", strconv.Itoa(len(body))) // as the others; more than 2 KiB would be sent in chunks else
			w.Write(body)
		})
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
