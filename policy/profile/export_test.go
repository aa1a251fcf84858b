package profile

// FileTypes is the table of types and extensions, for tests of its rows.
const FileTypes = fileTypes
