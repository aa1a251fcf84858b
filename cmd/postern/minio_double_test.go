package main

// asMinIO in the environment makes the test binary behave as a double of MinIO's client mc, for the
// commands of the documentation. Its value is the address of the embedded store.
const asMinIO = "POSTERN_TEST_AS_MC"
