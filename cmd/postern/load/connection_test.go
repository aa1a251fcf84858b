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

// connection is a connection that is kept alive. It needs far less processor time than http.Client,
// so that the measurement is about the server.
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

// do sends a request and returns status and body of the response. The body is valid until the next
// call.
func (c *connection) do(request []byte) (status int, body []byte, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return 0, nil, err
	}
	c.body.Reset()
	_, err = io.Copy(&c.body, response.Body)
	return response.StatusCode, c.body.Bytes(), err
}

// doExpecting sends a request. It fails unless the response has that status and contains the text.
func (c *connection) doExpecting(request []byte, status int, text string) ([]byte, error) {
	got, body, err := c.do(request)
	if err != nil {
		return nil, err
	}
	if got != status || !bytes.Contains(body, []byte(text)) {
		return nil, fmt.Errorf("response: wanted status %d with %q, got %d: %.300s", status, text, got, body)
	}
	return body, nil
}

// request encodes a request as a browser sends it; headers are whole lines.
func request(method, host, path, body string, headers ...string) []byte {
	lines := append([]string{
		method + " " + path + " HTTP/1.1", "Host: " + host, "User-Agent: Mozilla/5.0 (X11; Linux x86_64) load",
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"Accept-Language: de-DE,de;q=0.9,en;q=0.5",
	}, headers...)
	if body != "" {
		lines = append(lines, "Content-Type: application/json", fmt.Sprint("Content-Length: ", len(body)))
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
}
