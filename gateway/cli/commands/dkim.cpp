/// @file `postern dkim keygen|check|sign`: keys that sign our mail.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analyzers/base/unique_fd.hpp"
#include "gateway/auth/dkim/key_check.hpp"
#include "gateway/auth/dkim/open_signer.hpp"
#include "gateway/auth/dkim/private_key.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/dns/from_settings.hpp"
#include "gateway/mail/address.hpp"

namespace postern::cli {
namespace {

using auth::dkim::KeyType;
using auth::dkim::PrivateKey;

constexpr std::size_t kRecordPiece = 255;  // RFC 1035 3.3: one character-string

std::string needed(const Arguments& arguments, const char* option) {
    const auto value = arguments.value(option);
    if (!value) throw UsageError(std::string("--") + option + " is missing");
    const auto name = mail::Domain::parse(*value);
    if (!name || value->ends_with('.')) {
        throw UsageError(std::string("--") + option + " is \"" + *value + "\"; a name is expected");
    }
    return name->text();
}

/// A file nobody had, that only its owner can read.
bool write_new(const std::string& path, const std::string& text) {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    std::string_view rest = text;
    while (file && !rest.empty()) {
        const ssize_t written = ::write(file.get(), rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    return file && ::fsync(file.get()) == 0;
}

/// As a zone file has it: strings of at most 255 bytes.
std::string zone_line(const std::string& name, const std::string& record) {
    std::string line = name + ". IN TXT (";
    for (std::size_t at = 0; at < record.size(); at += kRecordPiece) {
        line += " \"" + record.substr(at, kRecordPiece) + "\"";
    }
    return line + " )";
}

int keygen(const Arguments& arguments, const Context& context) {
    const std::string domain = needed(arguments, "domain");
    const std::string selector = needed(arguments, "selector");
    const std::string type = arguments.value("type").value_or("rsa");
    if (type != "rsa" && type != "ed25519") {
        throw UsageError("--type is \"" + type + "\"; rsa or ed25519 is expected");
    }
    const auto bits =
        static_cast<std::uint32_t>(arguments.number("bits", 2048, 8192).value_or(2048));
    const auto key = PrivateKey::generate(type == "rsa" ? KeyType::Rsa : KeyType::Ed25519, bits);
    if (!key) return complain(key.error(), kCouldNot);
    const std::string file = arguments.value("out").value_or(selector + "." + domain + ".pem");
    if (!write_new(file, key->pem())) {
        return complain(file + ": " + std::strerror(errno), kCouldNot);
    }
    const std::string name = selector + "._domainkey." + domain;
    if (context.json) {
        std::cout << nlohmann::json{{"file", file},
                                    {"name", name},
                                    {"record", key->record()},
                                    {"type", type},
                                    {"bits", key->bits()}}
                         .dump()
                  << "\n";
        return kFine;
    }
    std::cout << "private key: " << file << "\npublish this record:\n"
              << zone_line(name, key->record()) << "\nthen put into postern.toml:\n[[dkim.key]]\n"
              << "domain = \"" << domain << "\"\nselector = \"" << selector << "\"\nfile = \""
              << file << "\"\n";
    return kFine;
}

/// Signs with the key and verifies with what is published: the whole way a receiver goes.
auth::dkim::KeyVerdict check_published(const settings::DkimKey& each, const PrivateKey& key,
                                       dns::Inquiry& inquiry) {
    auth::dkim::Sha256Digest digest{};
    digest.fill(0xa5);
    auth::dkim::Signature signature;
    signature.algorithm = key.type() == KeyType::Rsa ? auth::dkim::Algorithm::RsaSha256
                                                     : auth::dkim::Algorithm::Ed25519Sha256;
    signature.domain = signature.identity_domain = each.domain;
    signature.selector = each.selector;
    signature.signature = key.sign(digest).value_or("");
    return check_key(signature, digest,
                     inquiry.lookup({signature.key_name(), dns::RecordType::Txt}), {});
}

int check(const Context& context) {
    std::vector<settings::DkimKey> keys = context.settings().dkim.keys;
    if (context.settings().arc.seal) keys.push_back(context.settings().arc.key);
    const auto resolver =
        std::make_unique<dns::Client>(dns::client_settings(context.settings().dns));
    dns::Inquiry inquiry(*resolver, dns::message_budget(context.settings().dns));
    int exit_code = kFine;
    for (const settings::DkimKey& each : keys) {
        const auto key = PrivateKey::read(each.file);
        auth::dkim::KeyVerdict verdict;
        verdict.detail = key ? "" : key.error();
        if (key) verdict = check_published(each, *key, inquiry);
        const bool good = verdict.result == auth::DkimResult::Pass;
        if (!good) exit_code = kBad;
        const std::string name = each.selector + "._domainkey." + each.domain;
        if (context.json) {
            std::cout << nlohmann::json{{"name", name},
                                        {"file", each.file},
                                        {"good", good},
                                        {"detail", verdict.detail}}
                             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                      << "\n";
        } else {
            std::cout << name << ": " << (good ? "good" : "BAD") << " (" << verdict.detail << ")\n";
        }
    }
    if (keys.empty() && !context.json) std::cout << "no keys are configured\n";
    return exit_code;
}

std::string read_all(const std::string& path) {
    std::ostringstream text;
    if (path == "-") {
        text << std::cin.rdbuf();
    } else {
        std::ifstream in(path, std::ios::binary);
        if (!in) throw UsageError(path + ": cannot be read");
        text << in.rdbuf();
    }
    return text.str();
}

/// Bare LF becomes CRLF: files have the one, mail has the other.
std::string in_crlf(const std::string& text) {
    std::string made;
    made.reserve(text.size() + text.size() / 32);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) made += '\r';
        made += text[i];
    }
    return made;
}

int sign(const Arguments& arguments, const Context& context) {
    const std::string domain = needed(arguments, "domain");
    const auto signer = auth::dkim::open_signer(context.settings().dkim);
    if (!signer) return complain(signer.error(), kCouldNot);
    if (!signer->signs_for(domain)) return complain("no [[dkim.key]] signs for " + domain, kBad);
    const auto now = arguments.number("time", 0, std::int64_t{1} << 40)
                         .value_or(static_cast<std::int64_t>(std::time(nullptr)));
    const std::string message = in_crlf(read_all(arguments.words()[1]));
    const std::string made = signer->sign_message(message, domain, static_cast<std::uint64_t>(now));
    if (made.size() == message.size()) return complain("the message has no From field", kBad);
    std::cout << made << std::flush;
    return std::cout ? kFine : kCouldNot;
}

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    if (words.size() == 1 && words[0] == "keygen") return keygen(arguments, context);
    if (words.size() == 1 && words[0] == "check") return check(context);
    if (words.size() == 2 && words[0] == "sign") return sign(arguments, context);
    throw UsageError("dkim takes: keygen --domain D --selector S | check | sign FILE|- --domain D");
}

}  // namespace

Command dkim_command() {
    return {"dkim",
            "keygen | check | sign FILE|-",
            "make a key and print its DNS record; test the configured keys against the DNS; sign a "
            "message",
            {{"domain", "DOMAIN", "d= of the key; sign: domain of the author"},
             {"selector", "NAME", "keygen: s= of the key"},
             {"type", "TYPE", "keygen: rsa (default) or ed25519"},
             {"bits", "NUMBER", "keygen: of an RSA key, 2048 (default) to 8192"},
             {"out", "FILE", "keygen: the private key; default SELECTOR.DOMAIN.pem"},
             {"time", "EPOCH", "sign: t= of the signature"}},
            run};
}

}  // namespace postern::cli
