// Command server is a service for tests: it answers with the version in the file
// beside it, and misbehaves as other files beside it say.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	self, err := os.Executable()
	if err != nil {
		os.Exit(1)
	}
	dir := filepath.Dir(self)
	version, err := os.ReadFile(filepath.Join(dir, "VERSION"))
	if err != nil {
		os.Exit(1)
	}
	if _, err := os.Stat(filepath.Join(dir, "exit")); err == nil {
		os.Exit(7)
	}
	status := "200 OK"
	if _, err = os.Stat(filepath.Join(dir, "sick")); err == nil {
		status = "500 Internal Server Error"
	}
	body := fmt.Sprintf(`{"version":%q,"pid":%d}`, strings.TrimSpace(string(version)), os.Getpid())
	listener, err := net.Listen("tcp", net.JoinHostPort(os.Getenv("ADDRESS"), os.Getenv("PORT")))
	if err != nil {
		os.Exit(1)
	}
	for {
		c, err := listener.Accept()
		if err != nil {
			os.Exit(1)
		}
		go answer(c, status, body)
	}
}

// answer reads one request, to its empty line, and answers it.
func answer(c net.Conn, status, body string) {
	defer c.Close()
	lines := bufio.NewScanner(c)
	for lines.Scan() && lines.Text() != "" {
	}
	fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, len(body), body)
}
