package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
)

// serve starts the store. The store takes no listener and doesn't tell which port it got. So it
// first listens on a private Unix socket; the one request sent there hands us its server, which
// then serves our own listener too. No port is picked and lost again, and nobody is served before
// the server is ready.
func (g *Gateway) serve(ctx context.Context) error {
	objects, err := openStore(g.options.Dir, g.options.Versions)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	// In Dir, which openStore made the parent of the working directory: a relative path is never
	// too long for a socket, and a socket that a killed process left there is replaced.
	socket := fmt.Sprintf("../start-%d.sock", os.Getpid())
	listening, server := make(chan struct{}), make(chan *fasthttp.Server, 1)
	config := g.config(socket)
	config.S3Options = []s3api.Option{
		s3api.WithOnListen(func() { close(listening) }),
		s3api.WithMiddleware("/", g.sendServer(server)),
		s3api.WithMiddleware("/", g.addCORS),
		s3api.WithMiddleware("/", rejectTruncatedBody),
		s3api.WithMiddleware("/", g.signUnsignedHeaders),
	}
	ctx, g.stop = context.WithCancel(ctx)
	go func() {
		defer close(g.done)
		g.failure = embedgw.RunVersityGW(ctx, &abortableStore{Posix: objects}, config)
	}()
	if err := g.takeServer(ctx, socket, listening, server); err != nil {
		g.stop()
		<-g.done
		return fmt.Errorf("gateway: start the store: %w", cmp.Or(g.failure, err))
	}
	return nil
}

// config is the gateway server's: the root account and the uploader, no output, and its socket for
// the owner only.
func (g *Gateway) config(socket string) *embedgw.Config {
	root := auth.Account{Access: g.options.AccessKey, Secret: g.options.SecretKey, Role: auth.RoleAdmin}
	return &embedgw.Config{
		RootUserAccess:    root.Access,
		RootUserSecret:    root.Secret,
		IAMService:        accounts{auth.NewIAMServiceSingle(root), g.options.Uploader},
		Region:            g.options.Region,
		Ports:             []string{socket},
		SocketPerm:        "0600",
		MaxConnections:    4096,
		MaxRequests:       2048,
		MultipartMaxParts: 10_000,
		KeepAlive:         true,
		Quiet:             true,
	}
}

// takeServer waits for the private socket, sends the request that sendServer answers, removes the
// socket and lets the server serve our listener.
func (g *Gateway) takeServer(ctx context.Context, socket string, listening <-chan struct{}, server <-chan *fasthttp.Server) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case <-listening:
	case <-g.done:
		return errors.New("it ended before it listened")
	case <-ctx.Done():
		return ctx.Err()
	}
	err := sendFirstRequest(ctx, socket)
	if err := errors.Join(err, os.Remove(socket)); err != nil {
		return err
	}
	go g.serveListener(<-server)
	return nil
}

func (g *Gateway) serveListener(server *fasthttp.Server) {
	if err := server.Serve(g.listener); err != nil {
		g.options.Logger.Error("store stopped listening", slog.Any("error", err))
		g.stop()
	}
}

// sendServer answers the first request with an empty response and sends its server to the channel,
// set to stream POST forms: by default the server would read them whole into memory.
func (g *Gateway) sendServer(server chan<- *fasthttp.Server) fiber.Handler {
	sent := false // written by the first request alone, before any other
	return func(ctx fiber.Ctx) error {
		if sent {
			return ctx.Next()
		}
		sent = true
		s := ctx.App().Server()
		s.DisablePreParseMultipartForm = true
		s.Logger = serverLog{g.options.Logger}
		server <- s
		return ctx.SendStatus(http.StatusNoContent)
	}
}

// sendFirstRequest sends the request that sendServer answers, over the private socket.
func sendFirstRequest(ctx context.Context, socket string) error {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://store/", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("first request: want status 204, got %d", response.StatusCode)
	}
	return nil
}

// serverLog logs what the server reports about single connections, at level debug: it helps whoever
// debugs the store and disturbs everybody else.
type serverLog struct{ *slog.Logger }

func (l serverLog) Printf(format string, args ...any) {
	l.Debug("store: " + fmt.Sprintf(format, args...))
}
