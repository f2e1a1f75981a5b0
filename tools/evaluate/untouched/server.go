// A service of the evaluation, in Go: each path is one thing that such services do.
package main

import (
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

func answer(path string) (string, error) {
	switch path {
	case "/write":
		file, err := os.CreateTemp("/tmp", "x")
		if err != nil {
			return "", err
		}
		packed := gzip.NewWriter(file)
		fmt.Fprint(packed, "some text")
		packed.Close()
		file.Sync()
		file.Close()
		defer os.Remove("/tmp/y")
		return "written", os.Rename(file.Name(), "/tmp/y")
	case "/program":
		out, err := exec.Command("/bin/sh", "-c", "ls /etc/evaluate | wc -l").Output()
		return string(out), err
	case "/hash":
		file, err := os.Open("/srv/files/numbers")
		if err != nil {
			return "", err
		}
		defer file.Close()
		sum := sha256.New()
		_, err = io.Copy(sum, file)
		return fmt.Sprintf("%x", sum.Sum(nil)[:4]), err
	case "/walk":
		files := 0
		err := filepath.Walk("/etc/evaluate", func(string, os.FileInfo, error) error { files++; return nil })
		return fmt.Sprint(files), err
	case "/refused":
		_, err := net.Dial("tcp", "127.0.0.1:9")
		return fmt.Sprint(err != nil), nil
	case "/load":
		var wait sync.WaitGroup
		for range make([]int, 50) {
			wait.Add(1)
			go func() { time.Sleep(20 * time.Millisecond); wait.Done() }()
		}
		wait.Wait()
		return "loaded", nil
	case "/user":
		who, err := user.Current()
		return who.Username, err
	case "/link":
		os.Remove("/tmp/link")
		return "linked", os.Symlink("/srv/files/numbers", "/tmp/link")
	}
	return "a page", nil
}

func main() {
	http.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "/srv/files/numbers") })
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		text, err := answer(r.URL.Path)
		if err != nil {
			w.WriteHeader(500)
			text = err.Error()
		}
		fmt.Fprintln(w, text)
	})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for range signals {
			log, _ := os.OpenFile("/tmp/log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			fmt.Fprintln(log, "reopened")
			log.Close()
		}
	}()
	http.ListenAndServe("127.0.0.1:8000", nil)
}
