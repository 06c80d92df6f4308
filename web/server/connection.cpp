#include "web/server/connection.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponseImpl.h>
#include <Poco/Net/NetException.h>
#include <Poco/Timestamp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <iostream>

#include "analyzers/base/ascii.hpp"
#include "web/server/security_headers.hpp"
#include "web/server/target.hpp"

namespace postern::web {
namespace {

using Poco::Net::HTTPServerRequestImpl;
using Poco::Net::HTTPServerResponseImpl;
using Poco::Net::HTTPServerSession;

std::string address_of(const Poco::Net::SocketAddress& peer) {
    const std::string text = peer.host().toString();
    return text.starts_with("::ffff:") ? text.substr(7) : text;
}

Request request_of(const HTTPServerRequestImpl& poco, const std::string& remote) {
    Request request;
    request.method = poco.getMethod();
    request.remote = remote;
    for (const auto& field : poco) request.headers.emplace_back(field.first, field.second);
    return request;
}

/// False: the peer announced more than it sent.
bool read_body(HTTPServerRequestImpl& poco, std::size_t length, std::string& body) {
    body.resize(length);
    poco.stream().read(body.data(), static_cast<std::streamsize>(length));
    return poco.stream().gcount() == static_cast<std::streamsize>(length);
}

/// Not sendBuffer(): that one sends no body to a request that could not be read.
void send(HTTPServerResponseImpl& poco, const Response& response, bool with_body) {
    const auto status = static_cast<Poco::Net::HTTPResponse::HTTPStatus>(response.status);
    poco.setStatusAndReason(status);
    poco.setDate(Poco::Timestamp());
    if (!response.body.empty()) poco.setContentType(response.content_type);
    for (const auto& [name, value] : security_headers()) poco.set(name, value);
    poco.set("Cache-Control", "no-store");
    for (const auto& [name, value] : response.headers) {
        // Several cookies are several fields; of anything else, the resource's own word counts.
        if (name == "Set-Cookie") {
            poco.add(name, value);
        } else {
            poco.set(name, value);
        }
    }
    poco.setContentLength(static_cast<std::streamsize>(response.body.size()));
    std::ostream& stream = poco.send();
    if (with_body) {
        stream.write(response.body.data(), static_cast<std::streamsize>(response.body.size()));
    }
    stream.flush();
}

Response malformed() {
    Response response =
        Response::failure(400, "request", "The request is not well-formed HTTP/1.1.");
    response.close = true;
    return response;
}

void send_malformed(HTTPServerSession& session) {
    HTTPServerResponseImpl poco(session);
    poco.setVersion(Poco::Net::HTTPMessage::HTTP_1_1);
    poco.setKeepAlive(false);
    send(poco, malformed(), true);
}

/// Lets a refused client read why: closing with bytes of its own unread would reset the connection,
/// and the answer with it. Bounded in time and bytes.
void linger(int socket) {
    constexpr std::size_t kMost = std::size_t{256} << 10;
    constexpr std::chrono::milliseconds kLongest{1000};
    ::shutdown(socket, SHUT_WR);
    const auto until = Connections::Clock::now() + kLongest;
    std::array<char, 4096> ignored = {};
    for (std::size_t read = 0; read < kMost;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - Connections::Clock::now());
        pollfd watched = {socket, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&watched, 1, static_cast<int>(left.count())) <= 0) return;
        const ssize_t got = ::recv(socket, ignored.data(), ignored.size(), MSG_DONTWAIT);
        if (got <= 0) return;
        read += static_cast<std::size_t>(got);
    }
}

}  // namespace

Connection::Connection(const Poco::Net::StreamSocket& socket, Shared& shared)
    : TCPServerConnection(socket), shared_(shared) {}

void Connection::run() {
    // Whatever a client does to its connection, this thread goes on to serve the next one.
    try {
        Connections::Entry entry(shared_.connections, address_of(socket().peerAddress()),
                                 socket().impl()->sockfd());
        if (!entry.admitted()) return;
        HTTPServerSession session(socket(), shared_.parameters);
        serve(session, entry);
    } catch (const Poco::Exception&) {
        return;  // reset, timeout, failed handshake
    } catch (const std::exception& error) {
        std::cerr << "postern-web: connection: " << error.what() << '\n';
    }
}

void Connection::serve(HTTPServerSession& session, Connections::Entry& entry) {
    bool first = true;
    do {
        const auto wait = first ? shared_.settings.request_time : shared_.settings.keep_alive;
        entry.until(Connections::Clock::now() + wait, !first);
        first = false;
        if (!session.hasMoreRequests()) return;
        entry.until(Connections::Clock::now() + shared_.settings.request_time, false);
    } while (serve_one(session, entry));
    linger(socket().impl()->sockfd());
}

bool Connection::serve_one(HTTPServerSession& session, Connections::Entry& entry) try {
    HTTPServerResponseImpl out(session);
    HTTPServerRequestImpl in(out, session, shared_.parameters.get());
    Request request = request_of(in, address_of(session.clientAddress()));
    out.setVersion(Poco::Net::HTTPMessage::HTTP_1_1);

    const auto answer = [&]() -> Response {
        if (in.getVersion() != Poco::Net::HTTPMessage::HTTP_1_1) return malformed();
        if (auto refusal = refuse(request, shared_.settings.guard)) return *refusal;
        auto target = parse_target(in.getURI());
        if (!target) return malformed();
        request.path = std::move(target->path);
        request.query = std::move(target->query);
        const std::size_t length = content_length(request).value_or(0);
        if (length > 0) {
            if (ascii_iequal(request.header("Expect"), "100-continue")) out.sendContinue();
            if (!read_body(in, length, request.body)) return malformed();
        }
        entry.until(Connections::Clock::now() + shared_.settings.answer_time, false);
        return shared_.handler(request);
    }();

    const bool again = !answer.close && in.getKeepAlive() && session.canKeepAlive();
    out.setKeepAlive(again);
    session.setKeepAlive(again);
    send(out, answer, request.method != "HEAD" && answer.status != 304);
    return again;
} catch (const Poco::Net::NoMessageException&) {
    return false;
} catch (const Poco::Net::MessageException&) {
    send_malformed(session);
    return false;
} catch (const Poco::SyntaxException&) {
    send_malformed(session);
    return false;
}

}  // namespace postern::web
