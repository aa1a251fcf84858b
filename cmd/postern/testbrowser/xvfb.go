package testbrowser

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
)

// display is a virtual display. Its frame buffer is a file.
type display struct {
	process *process
	name    string // the value of DISPLAY
	buffer  string // path of the frame buffer, in the format of xwd
}

// startDisplay starts Xvfb, which chooses a free display number and tells it through a pipe.
func startDisplay(dir string) (*display, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("testbrowser: %w", err)
	}
	defer read.Close()
	p, err := start(filepath.Join(dir, "xvfb.log"), nil, []*os.File{write}, "Xvfb", "-displayfd", "3", "-nolisten", "tcp",
		"-screen", "0", fmt.Sprintf("%dx%dx24", Width, Height), "-fbdir", dir)
	_ = write.Close()
	if err != nil {
		return nil, err
	}
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		p.end()
		return nil, fmt.Errorf("testbrowser: Xvfb names no display: %w: %w", err, p.running())
	}
	return &display{process: p, name: ":" + strings.TrimSpace(number), buffer: filepath.Join(dir, "Xvfb_screen0")}, nil
}

// xwdHeader is the beginning of a file of xwd, version 7: XWDFile.h of the X Window System. All
// numbers are big-endian, the pixels of this display little-endian words of 32 bits.
type xwdHeader struct {
	HeaderSize, Version, Format, Depth, Width, Height, XOffset, ByteOrder,
	Unit, BitOrder, Pad, BitsPerPixel, BytesPerLine, Visual,
	Red, Green, Blue, BitsPerRGB, Colors, ColorsUsed uint32
}

// png returns a picture of the display.
func (d *display) png() ([]byte, error) {
	data, err := os.ReadFile(d.buffer)
	if err != nil {
		return nil, fmt.Errorf("testbrowser: %w", err)
	}
	var h xwdHeader
	if _, err := binary.Decode(data, binary.BigEndian, &h); err != nil || h.Version != 7 || h.BitsPerPixel != 32 || h.Red != 0xff0000 {
		return nil, fmt.Errorf("testbrowser: the frame buffer of Xvfb has another format than expected: %+v, %v", h, err)
	}
	pixels := data[h.HeaderSize+12*h.ColorsUsed:]
	picture := image.NewRGBA(image.Rect(0, 0, int(h.Width), int(h.Height)))
	for y := range int(h.Height) {
		line := pixels[y*int(h.BytesPerLine):]
		for x := range int(h.Width) {
			picture.SetRGBA(x, y, color.RGBA{line[4*x+2], line[4*x+1], line[4*x], 0xff})
		}
	}
	var out bytes.Buffer
	err = png.Encode(&out, picture)
	return out.Bytes(), err
}
