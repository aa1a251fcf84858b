package gateway

import (
	"slices"

	"github.com/gofiber/fiber/v3"
)

// addCORS adds CORS headers to every answer to an allowed origin that has none. S3 sends them with
// refusals too; the store doesn't where it refuses early, and a browser would report a network
// error instead of the 403.
func (g *Gateway) addCORS(ctx fiber.Ctx) error {
	origin := ctx.Get(fiber.HeaderOrigin)
	err := ctx.Next()
	header := &ctx.Response().Header
	if origin == "" || !g.allowsOrigin(origin) || len(header.Peek(fiber.HeaderAccessControlAllowOrigin)) > 0 {
		return err
	}
	header.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	header.Set(fiber.HeaderAccessControlExposeHeaders, "ETag")
	header.Add(fiber.HeaderVary, fiber.HeaderOrigin)
	return err
}

func (g *Gateway) allowsOrigin(origin string) bool {
	return slices.Contains(g.options.CORSOrigins, origin) || slices.Contains(g.options.CORSOrigins, "*")
}
