#include "tests/web/tls_client.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Timespan.h>

#include <array>

#include "analyzers/base/ascii.hpp"

namespace postern::web_tests {
namespace {

Poco::Net::Context::Ptr client_context() {
    Poco::Net::Context::Params params;
    params.verificationMode = Poco::Net::Context::VERIFY_NONE;
    return new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params);
}

Answer parse_head(const std::string& head) {
    Answer answer;
    answer.status = std::stoi(head.substr(head.find(' ') + 1, 3));
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
        const std::size_t end = std::min(head.find("\r\n", at), head.size());
        const std::size_t colon = head.find(": ", at);
        answer.headers.emplace(ascii_lower(head.substr(at, colon - at)),
                               head.substr(colon + 2, end - colon - 2));
        at = end + 2;
    }
    return answer;
}

}  // namespace

TlsClient::TlsClient(const std::string& endpoint)
    : socket_(Poco::Net::SocketAddress(endpoint), client_context()) {
    socket_.setReceiveTimeout(Poco::Timespan(5, 0));
}

void TlsClient::send(const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        const int count =
            socket_.sendBytes(bytes.data() + sent, static_cast<int>(bytes.size() - sent));
        sent += static_cast<std::size_t>(count);
    }
}

bool TlsClient::fill() {
    std::array<char, 16384> piece = {};
    try {
        const int got = socket_.receiveBytes(piece.data(), static_cast<int>(piece.size()));
        if (got <= 0) return false;
        buffer_.append(piece.data(), static_cast<std::size_t>(got));
        return true;
    } catch (const Poco::Exception&) {
        return false;
    }
}

std::optional<Answer> TlsClient::read(bool head_only) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) return std::nullopt;
    }
    Answer answer = parse_head(buffer_.substr(0, end));
    buffer_.erase(0, end + 4);
    const std::string length = answer.header("content-length");
    const std::size_t size = head_only || length.empty() ? 0 : std::stoul(length);
    while (buffer_.size() < size) {
        if (!fill()) return std::nullopt;
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
}

bool TlsClient::closed_within(int seconds) {
    socket_.setReceiveTimeout(Poco::Timespan(seconds, 0));
    std::array<char, 1024> piece = {};
    try {
        while (socket_.receiveBytes(piece.data(), static_cast<int>(piece.size())) > 0) continue;
        return true;
    } catch (const Poco::TimeoutException&) {
        return false;
    } catch (const Poco::Exception&) {
        return true;
    }
}

std::string request_text(const std::string& method, const std::string& target,
                         const std::string& extra, const std::string& body) {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + extra;
    if (!body.empty()) {
        text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n";
    }
    return text + "\r\n" + body;
}

}  // namespace postern::web_tests
