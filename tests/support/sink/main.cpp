/// @file postern-sink: a small mail server that keeps what it gets. See options.hpp.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "analyzers/base/ascii.hpp"
#include "tests/support/sink/options.hpp"
#include "tests/support/sink/stream.hpp"

namespace postern::sink {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

std::string between_brackets(const std::string& line) {
    const std::size_t open = line.find('<');
    const std::size_t close = line.rfind('>');
    if (open == std::string::npos || close == std::string::npos || close < open) return {};
    return line.substr(open + 1, close - open - 1);
}

/// Writes the file under another name first, so that whoever lists the folder sees whole files
/// only.
bool keep_file(const std::string& path, std::string_view bytes) {
    const std::string unfinished = path + ".part";
    const UniqueFd file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    while (file && !bytes.empty()) {
        const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return file && ::fsync(file.get()) == 0 && std::rename(unfinished.c_str(), path.c_str()) == 0;
}

bool sync_folder(const std::string& folder) {
    const UniqueFd descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return descriptor && ::fsync(descriptor.get()) == 0;
}

class Visit {
public:
    Visit(UniqueFd descriptor, const Options& options, SSL_CTX* tls, std::atomic<unsigned>& number)
        : stream_(std::move(descriptor)), options_(options), tls_(tls), number_(number) {}

    void run() {
        if (options_.drop == Stage::Connect || !say("220 sink.test ready")) return;
        while (auto line = stream_.line()) {
            if (!obey(*line)) return;
        }
    }

private:
    bool say(const std::string& line) {
        std::this_thread::sleep_for(options_.delay);
        return stream_.send(line + "\r\n");
    }

    /// False: the connection ends.
    bool obey(const std::string& line) {
        const std::string verb = ascii_lower(line.substr(0, 4));
        if (verb == "ehlo" || verb == "lhlo" || verb == "helo") return hello(verb);
        if (verb == "star") return starttls();
        if (verb == "mail") return mail(line);
        if (verb == "rcpt") return recipient(line);
        if (verb == "data") return data();
        if (verb == "rset") return forget() && say("250 2.0.0 forgotten");
        if (verb == "noop") return say("250 2.0.0 fine");
        if (verb == "quit") return say("221 2.0.0 bye") && false;
        return say("500 5.5.2 what?");
    }

    bool hello(const std::string& verb) {
        if (options_.drop == Stage::Helo) return false;
        if ((verb == "lhlo") != options_.lmtp) return say("500 5.5.1 wrong protocol");
        forget();
        if (verb == "helo") return say("250 sink.test");
        std::string reply = "250-sink.test\r\n";
        if (options_.pipelining) reply += "250-PIPELINING\r\n";
        if (options_.eight_bit) reply += "250-8BITMIME\r\n";
        if (options_.smtputf8) reply += "250-SMTPUTF8\r\n";
        if (options_.max_size != 0)
            reply += "250-SIZE " + std::to_string(options_.max_size) + "\r\n";
        if (options_.starttls && !stream_.tls()) reply += "250-STARTTLS\r\n";
        return say(reply + "250 ENHANCEDSTATUSCODES");
    }

    bool starttls() {
        if (!options_.starttls || stream_.tls()) return say("502 5.5.1 not offered");
        if (!say("220 2.0.0 go")) return false;
        if (options_.break_tls) return stream_.fill() && stream_.send("no TLS record\r\n") && false;
        return stream_.start_tls(tls_);
    }

    bool mail(const std::string& line) {
        if (options_.drop == Stage::Mail) return false;
        forget();
        envelope_ = line + "\n";
        return say("250 2.1.0 sender ok");
    }

    bool recipient(const std::string& line) {
        if (options_.drop == Stage::Recipient) return false;
        const std::string address = between_brackets(line);
        if (envelope_.empty()) return say("503 5.5.1 MAIL first");
        if (contains(options_.refuse, address)) return say("550 5.1.1 no such recipient here");
        if (contains(options_.defer, address)) return say("450 4.2.1 recipient is busy");
        recipients_.push_back(address);
        envelope_ += line + "\n";
        return say("250 2.1.5 recipient ok");
    }

    bool data() {
        if (options_.drop == Stage::Data) return false;
        if (recipients_.empty()) return say("503 5.5.1 RCPT first");
        if (!say("354 go ahead")) return false;
        std::string message;
        for (;;) {
            const auto line = stream_.line();
            if (!line || (options_.drop == Stage::Message)) return false;
            if (*line == ".") break;
            message += line->starts_with('.') ? line->substr(1) : *line;
            message += "\r\n";
        }
        const bool wanted = options_.data_code == 0;
        if (wanted && !keep(message)) return say("451 4.3.0 cannot keep it");
        if (options_.drop == Stage::Dot) return false;
        const std::string answer =
            wanted ? "250 2.0.0 kept" : std::to_string(options_.data_code) + " told to say so";
        bool said = true;
        for (std::size_t i = 0; said && i < (options_.lmtp ? recipients_.size() : 1); ++i) {
            const bool late = options_.lmtp && contains(options_.refuse_late, recipients_[i]);
            said = say(late ? "550 5.2.2 mailbox is full" : answer);
        }
        forget();
        return said;
    }

    bool keep(const std::string& message) {
        const std::string name = options_.folder + "/" + std::to_string(++number_);
        const std::string session = stream_.tls() ? "TLS\n" : "";
        return keep_file(name + ".envelope", session + envelope_) &&
               keep_file(name + ".eml", message) && sync_folder(options_.folder);
    }

    bool forget() {
        envelope_.clear();
        recipients_.clear();
        return true;
    }

    Stream stream_;
    const Options& options_;
    SSL_CTX* tls_;
    std::atomic<unsigned>& number_;
    std::string envelope_;
    std::vector<std::string> recipients_;
};

UniqueFd listen_at(const Options& options) {
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options.port);
    const int on = 1;
    socklen_t size = sizeof(address);
    void* generic = &address;
    auto* const name = static_cast<sockaddr*>(generic);
    if (inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) != 1 || !listener ||
        ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        ::bind(listener.get(), name, size) != 0 || ::listen(listener.get(), 128) != 0 ||
        ::getsockname(listener.get(), name, &size) != 0) {
        throw std::runtime_error("cannot listen on " + options.address);
    }
    std::cout << "listening on " << options.address << ':' << ntohs(address.sin_port) << std::endl;
    return listener;
}

/// The next free number, so that a restart does not overwrite what an earlier run has kept.
unsigned last_number(const std::string& folder) {
    unsigned long last = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string stem = entry.path().stem().string();
        if (!stem.empty() && stem.size() < 9 &&
            std::all_of(stem.begin(), stem.end(), ascii_digit)) {
            last = std::max(last, std::stoul(stem));
        }
    }
    return static_cast<unsigned>(last);
}

int serve(const Options& options) {
    std::filesystem::create_directories(options.folder);
    std::atomic<unsigned> number{last_number(options.folder)};
    const TlsContext tls = options.starttls ? self_signed() : nullptr;
    if (tls) write_certificate(tls.get(), options.folder + "/certificate.pem");
    const UniqueFd listener = listen_at(options);
    for (;;) {
        UniqueFd peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!peer) continue;
        const int on = 1;
        if (::setsockopt(peer.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) continue;
        std::thread([descriptor = std::move(peer), &options, context = tls.get(),
                     &number]() mutable {
            Visit(std::move(descriptor), options, context, number).run();
        }).detach();  // the process ends by a signal, and nothing is kept but files
    }
}

}  // namespace
}  // namespace postern::sink

int main(int argc, char** argv) {
    try {
        if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) throw std::runtime_error("signal");
        return postern::sink::serve(
            postern::sink::parse_options(std::vector<std::string>(argv + 1, argv + argc)));
    } catch (const std::exception& problem) {
        std::cerr << "postern-sink: " << problem.what() << '\n' << postern::sink::kUsage;
        return 2;
    }
}
