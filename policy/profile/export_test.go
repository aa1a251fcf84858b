package profile

// TypeTable is the table of types and extensions, for tests of its rows.
const TypeTable = typeTable
