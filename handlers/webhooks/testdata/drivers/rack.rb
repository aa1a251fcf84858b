# Serves the sample beside it as a Rack server would, one connection at a time.
require "socket"
require "stringio"
require_relative "receiver"

$stdout.sync = true
app = Receiver.new(ENV.fetch("HOOK_SECRETS").split, ENV.fetch("HOOK_STORE"))
server = TCPServer.new("127.0.0.1", ARGV.fetch(0).to_i)
puts "listening on 127.0.0.1:#{server.addr[1]}"
loop do
  Thread.new(server.accept) do |client|
    client.gets
    env = {}
    until (line = client.gets.chomp).empty?
      name, value = line.split(/:\s*/, 2)
      env["HTTP_#{name.upcase.tr("-", "_")}"] = value
    end
    env["rack.input"] = StringIO.new(client.read(env["HTTP_CONTENT_LENGTH"].to_i))
    status, = app.call(env)
    client.write("HTTP/1.1 #{status} Answer\r\nConnection: close\r\n\r\n")
  ensure
    client.close
  end
end
