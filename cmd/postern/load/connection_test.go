package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// conn is one connection that is kept alive. It costs the machine far less than http.Client, so
// that what is measured is the server.
type connection struct {
	conn   net.Conn
	reader *bufio.Reader
	body   bytes.Buffer
}

func connect(address string) (*connection, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &connection{conn: conn, reader: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// do sends a request and returns the answer, which is good until the next call.
func (l *connection) do(request []byte) (int, []byte, error) {
	if _, err := l.conn.Write(request); err != nil {
		return 0, nil, err
	}
	response, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		return 0, nil, err
	}
	l.body.Reset()
	_, err = io.Copy(&l.body, response.Body)
	return response.StatusCode, l.body.Bytes(), err
}

// doExpecting is do for an answer of one status that holds some text.
func (l *connection) doExpecting(request []byte, status int, text string) ([]byte, error) {
	got, body, err := l.do(request)
	if err != nil {
		return nil, err
	}
	if got != status || !bytes.Contains(body, []byte(text)) {
		return nil, fmt.Errorf("status %d, wanted %d with %q: %.300s", got, status, text, body)
	}
	return body, nil
}

// request writes a request as a browser's script does; header holds whole lines.
func request(method, host, path, body string, header ...string) []byte {
	lines := append([]string{
		method + " " + path + " HTTP/1.1", "Host: " + host, "User-Agent: Mozilla/5.0 (X11; Linux x86_64) load",
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"Accept-Language: de-DE,de;q=0.9,en;q=0.5",
	}, header...)
	if body != "" {
		lines = append(lines, "Content-Type: application/json", fmt.Sprint("Content-Length: ", len(body)))
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
}
