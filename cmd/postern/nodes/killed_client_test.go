package nodes

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"time"
)

// sendTo in the environment makes the test binary a client that sends its standard input to that
// address, so that it can be killed.
const sendTo = "POSTERN_TEST_SEND_TO"

// A client sends so many bytes at once, and pauses in between.
const (
	sentAtOnce = 256
	sendPause  = time.Millisecond
)

// runClient sends what it reads and prints a line after the first bytes. It ends when it has the
// answer.
func runClient(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	for first := true; ; first = false {
		_, err := io.CopyN(conn, os.Stdin, sentAtOnce)
		if err != nil && err != io.EOF {
			return err
		}
		if first {
			os.Stdout.WriteString("begun\n")
		}
		if err == io.EOF {
			break
		}
		time.Sleep(sendPause)
	}
	_, err = io.Copy(io.Discard, conn) // until it is killed
	return err
}

// sendByClient sends a request by a process of its own, which is killed at a random moment after the
// first bytes.
func sendByClient(address string, encoded []byte, random *rand.Rand) error {
	client := exec.Command(os.Args[0])
	client.Env = append(os.Environ(), sendTo+"="+address)
	client.Stdin = bytes.NewReader(encoded)
	out, err := client.StdoutPipe()
	if err != nil {
		return err
	}
	if err := client.Start(); err != nil {
		return err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return errors.Join(err, client.Wait())
	}
	took := time.Duration(len(encoded)/sentAtOnce+2) * sendPause
	time.Sleep(time.Duration(random.Int64N(int64(2 * took))))
	_ = client.Process.Kill()
	_ = client.Wait() // it was killed, or had ended
	return nil
}
