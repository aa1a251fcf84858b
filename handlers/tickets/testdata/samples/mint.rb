# Print an upload ticket for Postern: POSTERN_TICKET_KEY=... ruby mint.rb SUBJECT PROFILE...
require "json"
require "openssl"

def encode(data)
  [data].pack("m0").tr("+/", "-_").delete("=")
end

def mint(secret, subject, profiles, lifetime = 900)
  now = Time.now.to_i
  header = { alg: "HS256", typ: "JWT" }
  payload = {
    sub: subject,       # who uploads: your user's id
    aud: "postern",
    profiles: profiles, # what may be used
    iat: now,
    exp: now + lifetime
    # Optional: max_size: bytes, metadata: {...}, origin: "https://...",
    # claims: {...} for {claim:NAME} in key templates
  }
  text = "#{encode(JSON.generate(header))}.#{encode(JSON.generate(payload))}"
  "#{text}.#{encode(OpenSSL::HMAC.digest("SHA256", secret, text))}"
end

secret = ENV.fetch("POSTERN_TICKET_KEY") # at least 32 bytes
subject, *profiles = ARGV.map { |argument| argument.encode("UTF-8") }
puts mint(secret, subject, profiles)
