// Package testbrowser drives Firefox and WebKit for tests, with one interface for both.
//
// [StartFirefox] speaks WebDriver BiDi with Firefox itself. [StartWebKit] speaks WebDriver with
// WebKitWebDriver, which starts WebKitGTK's MiniBrowser on a virtual display (Xvfb). bash .ci/test
// installs all three. Both send every request through the proxy of [Options], those to this machine
// too.
//
// Neither shows its console here: WebKit's driver has no command for that. A proxy can find out
// what goes wrong in a page, as that of package e2e does.
//
// A browser is meant for many tests, one after the other: [Browser.Fresh] leaves nothing of the
// test before. Every process that is started here ends with [Browser.Close] or with the test
// program, whichever is first.
package testbrowser
