#include "web/server/server.hpp"

#include <Poco/ErrorHandler.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/ThreadPool.h>

#include <thread>

#include "web/server/connection.hpp"
#include "web/server/tls_socket.hpp"

namespace postern::web {
namespace {

class Factory : public Poco::Net::TCPServerConnectionFactory {
public:
    explicit Factory(Shared& shared) : shared_(shared) {}
    Poco::Net::TCPServerConnection* createConnection(
        const Poco::Net::StreamSocket& socket) override {
        return new Connection(socket, shared_);
    }

private:
    Shared& shared_;
};

Poco::Timespan timespan(std::chrono::milliseconds time) {
    return Poco::Timespan(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

Poco::Net::HTTPServerParams::Ptr parameters(const ServerSettings& settings) {
    Poco::Net::HTTPServerParams::Ptr made(new Poco::Net::HTTPServerParams);
    made->setTimeout(timespan(settings.silence));
    made->setKeepAlive(true);
    made->setKeepAliveTimeout(timespan(settings.keep_alive));
    made->setMaxKeepAliveRequests(static_cast<int>(settings.requests_per_connection));
    made->setMaxThreads(settings.threads);
    made->setMaxQueued(settings.waiting);
    return made;
}

}  // namespace

struct Server::Parts {
    Parts(const ServerSettings& settings, Handler handler, const Poco::Net::ServerSocket& socket)
        : shared{settings, std::move(handler), Connections(settings.connections_per_client),
                 parameters(settings)},
          threads(2, settings.threads + 1),
          server(new Factory(shared), threads, socket, shared.parameters) {}

    Shared shared;
    Poco::ThreadPool threads;
    Poco::Net::TCPServer server;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Outcome<std::unique_ptr<Server>, std::string> Server::start(UniqueFd listener,
                                                            const ServerSettings& settings,
                                                            Handler handler) {
    const auto context = tls_context(settings.certificate, settings.key);
    if (!context) return Failure{context.error()};
    try {
        std::unique_ptr<Server> server(new Server(std::make_unique<Parts>(
            settings, std::move(handler), tls_listener(std::move(listener), *context))));
        server->parts_->server.start();
        return server;
    } catch (const Poco::Exception& error) {
        return Failure{"server: " + error.displayText()};
    }
}

Server::~Server() {
    Parts& parts = *parts_;
    parts.server.stop();
    parts.shared.connections.stop();
    const auto until = Connections::Clock::now() + parts.shared.settings.stop_grace;
    while (parts.server.currentConnections() > 0 && Connections::Clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    parts.shared.connections.shut_down_all();
    parts.threads.joinAll();
}

}  // namespace postern::web
