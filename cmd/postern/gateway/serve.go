package gateway

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
)

// The store takes no listener and doesn't tell which port it got. So it is started on a private
// socket; the first request there hands us its server, which is set up for streaming and then
// serves our own listener too. No port is picked and lost again, and nobody is served before the
// server is ready.
func (g *Gateway) serve(ctx context.Context) error {
	objects, err := openStore(g.options.Dir)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	if g.socket, err = os.MkdirTemp("", "postern"); err != nil {
		return err
	}
	socket := filepath.Join(g.socket, "s3")
	listening, server := make(chan struct{}), make(chan *fasthttp.Server, 1)
	config := g.config(socket)
	config.S3Options = []s3api.Option{
		s3api.WithOnListen(func() { close(listening) }),
		s3api.WithMiddleware("/", g.adopt(server)),
		s3api.WithMiddleware("/", g.cors),
		s3api.WithMiddleware("/", g.inject),
		s3api.WithMiddleware("/", whole),
	}
	ctx, g.stop = context.WithCancel(ctx)
	go func() {
		defer close(g.done)
		g.failure = embedgw.RunVersityGW(ctx, objects, config)
	}()
	if err := g.handOver(ctx, socket, listening, server); err != nil {
		g.stop()
		<-g.done
		return fmt.Errorf("gateway: start the store: %w", firstOf(g.failure, err))
	}
	return nil
}

func (g *Gateway) config(socket string) *embedgw.Config {
	root := auth.Account{Access: g.options.AccessKey, Secret: g.options.SecretKey, Role: auth.RoleAdmin}
	return &embedgw.Config{
		RootUserAccess:    root.Access,
		RootUserSecret:    root.Secret,
		IAMService:        auth.NewIAMServiceSingle(root),
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

// handOver waits for the private socket, sends the one request that adopt answers, and lets the
// server serve our listener.
func (g *Gateway) handOver(ctx context.Context, socket string, listening chan struct{}, server chan *fasthttp.Server) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case <-listening:
	case <-g.done:
		return io.ErrUnexpectedEOF
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := warmUp(ctx, socket); err != nil {
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

// adopt answers the first request with nothing and hands its server over, set to stream POST forms:
// by default they would be buffered whole in memory.
func (g *Gateway) adopt(server chan<- *fasthttp.Server) fiber.Handler {
	adopted := false // only written by the first request, before any other
	return func(ctx fiber.Ctx) error {
		if adopted {
			return ctx.Next()
		}
		adopted = true
		s := ctx.App().Server()
		s.DisablePreParseMultipartForm = true
		s.Logger = serverLog{g.options.Logger}
		server <- s
		return ctx.SendStatus(http.StatusNoContent)
	}
}

func warmUp(ctx context.Context, socket string) error {
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

// serverLog takes what the server says of single connections: news for somebody who debugs the
// store, noise for everybody else.
type serverLog struct{ *slog.Logger }

func (l serverLog) Printf(format string, args ...any) {
	l.Debug("store: " + fmt.Sprintf(format, args...))
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
