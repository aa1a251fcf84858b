package gateway

import (
	"slices"

	"github.com/gofiber/fiber/v3"
)

// noCORS marks a request whose answer shall stay without CORS headers.
const noCORS = "postern-no-cors"

// WithoutCORS lets a hook play a store that refuses without CORS headers, as Ceph does: the browser
// then sees a network error.
func WithoutCORS(ctx fiber.Ctx) { fiber.Locals(ctx, noCORS, true) }

// cors gives every answer to an allowed origin its CORS headers. S3 does so for refusals too; the
// store leaves them out where it refuses early, and the browser would report a network error in
// place of the 403.
func (g *Gateway) cors(ctx fiber.Ctx) error {
	origin := ctx.Get(fiber.HeaderOrigin)
	err := ctx.Next()
	header := &ctx.Response().Header
	if fiber.Locals[bool](ctx, noCORS) {
		header.Del(fiber.HeaderAccessControlAllowOrigin)
		return err
	}
	if origin == "" || !g.allows(origin) || len(header.Peek(fiber.HeaderAccessControlAllowOrigin)) > 0 {
		return err
	}
	header.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	header.Set(fiber.HeaderAccessControlExposeHeaders, "ETag")
	header.Add(fiber.HeaderVary, fiber.HeaderOrigin)
	return err
}

func (g *Gateway) allows(origin string) bool {
	origins := *g.origins.Load()
	return slices.Contains(origins, origin) || slices.Contains(origins, "*")
}

func (g *Gateway) inject(ctx fiber.Ctx) error { return (*g.hook.Load())(ctx) }
