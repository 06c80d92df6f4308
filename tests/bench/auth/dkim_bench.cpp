/// @file CPU time of verifying one message with two signatures (RSA-2048 and Ed25519), ours and
/// OpenDKIM's in turn, keys at hand. Usage: dkim_bench [relaxed|simple [FOLDER]]; with FOLDER the
/// messages are left there, with and without signatures, and the zone of their keys.

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include "gateway/auth/arc/signed_message.hpp"
#include "gateway/auth/dkim/signer.hpp"
#include "tests/support/auth/opendkim.hpp"
#include "tests/support/auth/signed_mail.hpp"

namespace {

using namespace postern;
using auth::dkim::PrivateKey;

double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

enum class Content { Prose, Base64 };

std::string body_of(std::size_t size, Content content) {
    const std::string prose =
        "The quick brown fox jumps over the lazy dog, and then it does so once more.\r\n";
    const std::string base64 =
        "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZywgYW5kIHRoZW4gaXQg\r\n";
    std::string body;
    while (body.size() < size) body += content == Content::Prose ? prose : base64;
    return body;
}

std::string plain_message(std::size_t size, Content content) {
    std::string header = "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: hello\r\n";
    for (int i = 0; i < 8; ++i) {
        header +=
            "Received: from a.example (a.example [192.0.2.1])\r\n\tby b.example with ESMTP\r\n";
    }
    if (content == Content::Base64) {
        header +=
            "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
            "Content-Transfer-Encoding: base64\r\n";
    }
    return header + "\r\n" + body_of(size, content);
}

std::string signed_message(const std::string& plain, auth::dkim::Canonicalization form) {
    std::vector<auth::dkim::SigningKey> keys;
    keys.push_back({"example.org", "s", PrivateKey::parse(tests::rsa_key().pem()).value()});
    keys.push_back({"example.org", "e", PrivateKey::parse(tests::ed25519_key().pem()).value()});
    auth::dkim::SigningRules rules;
    rules.header = rules.body = form;
    return auth::dkim::Signer(std::move(keys), rules)
        .sign_message(plain, "example.org", static_cast<std::uint64_t>(std::time(nullptr)));
}

void leave_zone(const std::string& folder) {
    constexpr std::size_t kPiece = 255;  // RFC 1035 3.3: one character-string
    std::ofstream zone(folder + "/zone");
    for (const auto& [selector, record] : {std::pair{"s", tests::rsa_key().record()},
                                           std::pair{"e", tests::ed25519_key().record()}}) {
        zone << selector << "._domainkey.example.org TXT";
        for (std::size_t at = 0; at < record.size(); at += kPiece) {
            zone << " \"" << record.substr(at, kPiece) << '"';
        }
        zone << "\n";
    }
}

void leave(const std::string& folder, std::string name, const std::string& plain,
           const std::string& with_signatures) {
    std::replace(name.begin(), name.end(), ' ', '-');
    std::ofstream(folder + "/" + name + ".plain.eml", std::ios::binary) << plain;
    std::ofstream(folder + "/" + name + ".signed.eml", std::ios::binary) << with_signatures;
}

bool ours(const std::string& message, tests::FakeResolver& dns) {
    auth::arc::SignedMessage taken({}, static_cast<std::uint64_t>(std::time(nullptr)));
    if (!feed_text(taken, message, auth::arc::LineEnds::AsOnTheWire)) return false;
    dns::Inquiry inquiry(dns, {});
    const auto results = taken.dkim(inquiry);
    return results.size() == 2 && results[0].result == auth::DkimResult::Pass &&
           results[1].result == auth::DkimResult::Pass;
}

bool theirs(const std::string& message) {
    return tests::OpenDkim::instance().verify(message) ==
           std::vector<std::string>{"pass example.org", "pass example.org"};
}

/// The best of five rounds, microseconds for each message.
template <class F>
double best_of(int times, F&& verify) {
    double best = 1e9;
    for (int round = 0; round < 5; ++round) {
        const double start = cpu_seconds();
        for (int i = 0; i < times; ++i) {
            if (!verify()) {
                std::cerr << "a message does not verify\n";
                std::exit(1);
            }
        }
        best = std::min(best, (cpu_seconds() - start) / times);
    }
    return best * 1e6;
}

}  // namespace

int main(int count, char** words) {
    const bool simple = count > 1 && std::string(words[1]) == "simple";
    const std::string folder = count > 2 ? words[2] : "";
    if (!folder.empty()) leave_zone(folder);
    const auto form =
        simple ? auth::dkim::Canonicalization::Simple : auth::dkim::Canonicalization::Relaxed;
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    for (const char* selector : {"s", "e"}) {
        const std::string name = std::string(selector) + "._domainkey.example.org";
        tests::OpenDkim::instance().keys()[name] =
            *selector == 's' ? tests::rsa_key().record() : tests::ed25519_key().record();
    }
    std::cout << "microseconds of CPU for each message, " << (simple ? "simple" : "relaxed")
              << "\nbody            ours  OpenDKIM  ratio\n";
    struct Row {
        const char* title;
        std::size_t size;
        Content content;
        int times;
    };
    const Row rows[] = {{"5 KB prose", 5'000, Content::Prose, 400},
                        {"50 KB prose", 50'000, Content::Prose, 200},
                        {"500 KB prose", 500'000, Content::Prose, 40},
                        {"5 MB prose", 5'000'000, Content::Prose, 5},
                        {"5 MB base64", 5'000'000, Content::Base64, 5},
                        {"50 MB base64", 50'000'000, Content::Base64, 1}};
    for (const Row& row : rows) {
        const std::string plain = plain_message(row.size, row.content);
        const std::string message = signed_message(plain, form);
        if (!folder.empty()) leave(folder, row.title, plain, message);
        const double one = best_of(row.times, [&] { return ours(message, dns); });
        const double two = best_of(row.times, [&] { return theirs(message); });
        std::cout << std::left << std::setw(14) << row.title << std::right << std::fixed
                  << std::setprecision(0) << std::setw(8) << one << std::setw(10) << two
                  << std::setprecision(2) << std::setw(7) << one / two << "\n";
    }
    return 0;
}
