#pragma once

/// @file libopendkim with the keys of a table: a second opinion on what is signed.

// The header is C only in one word.
#define _Bool bool
#include <opendkim/dkim.h>
#undef _Bool

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern::tests {

/// One for a process: libopendkim's key callback has no place for a pointer of ours.
class OpenDkim {
public:
    static OpenDkim& instance() {
        static OpenDkim one;
        return one;
    }
    std::map<std::string, std::string>& keys() { return keys_; }

    /// "pass example.org", "fail ..." for each signature, top to bottom.
    std::vector<std::string> verify(std::string_view message) {
        std::vector<std::string> told;
        DKIM_STAT status = DKIM_STAT_OK;
        DKIM* handle = dkim_verify(library_, id(), nullptr, &status);
        feed(handle, message);
        DKIM_SIGINFO** signatures = nullptr;
        int count = 0;
        if (dkim_getsiglist(handle, &signatures, &count) == DKIM_STAT_OK) {
            for (int i = 0; i < count; ++i) {
                const unsigned flags = dkim_sig_getflags(signatures[i]);
                const bool good = (flags & DKIM_SIGFLAG_PASSED) != 0 &&
                                  dkim_sig_getbh(signatures[i]) == DKIM_SIGBH_MATCH;
                told.push_back((good ? "pass " : "fail ") +
                               text(dkim_sig_getdomain(signatures[i])));
            }
        }
        dkim_free(handle);
        return told;
    }

    /// The value of a DKIM-Signature field; empty: it did not sign.
    std::string sign(std::string_view message, const std::string& pem, const std::string& selector,
                     const std::string& domain, bool relaxed, bool ed25519) {
        DKIM_STAT status = DKIM_STAT_OK;
        const auto form = relaxed ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE;
        DKIM* handle =
            dkim_sign(library_, id(), nullptr, bytes(pem), bytes(selector), bytes(domain), form,
                      form, ed25519 ? DKIM_SIGN_ED25519SHA256 : DKIM_SIGN_RSASHA256, -1, &status);
        if (handle == nullptr) return {};
        feed(handle, message);
        unsigned char* value = nullptr;
        std::size_t size = 0;
        std::string made;
        if (dkim_getsighdr_d(handle, 16, &value, &size) == DKIM_STAT_OK) made = text(value);
        dkim_free(handle);
        return made;
    }

private:
    OpenDkim() : library_(dkim_init(nullptr, nullptr)) { dkim_set_key_lookup(library_, look_up); }

    static unsigned char* bytes(const std::string& text) {
        return const_cast<unsigned char*>(
            static_cast<const unsigned char*>(static_cast<const void*>(text.c_str())));
    }
    static std::string text(const unsigned char* bytes) {
        return bytes == nullptr ? "" : static_cast<const char*>(static_cast<const void*>(bytes));
    }
    static unsigned char* id() {
        static std::string name = "test";
        return bytes(name);
    }

    static DKIM_CBSTAT look_up(DKIM* /*dkim*/, DKIM_SIGINFO* signature, unsigned char* buffer,
                               std::size_t size) {
        const std::string name = text(dkim_sig_getselector(signature)) + "._domainkey." +
                                 text(dkim_sig_getdomain(signature));
        const auto found = instance().keys_.find(name);
        if (found == instance().keys_.end()) return DKIM_CBSTAT_NOTFOUND;
        const std::size_t taken =
            found->second.copy(static_cast<char*>(static_cast<void*>(buffer)), size - 1);
        buffer[taken] = 0;
        return DKIM_CBSTAT_CONTINUE;
    }

    static void feed(DKIM* handle, std::string_view message) {
        while (!message.starts_with("\r\n")) {
            std::size_t end = message.find("\r\n");
            while (end != std::string_view::npos && end + 2 < message.size() &&
                   (message[end + 2] == ' ' || message[end + 2] == '\t')) {
                end = message.find("\r\n", end + 2);
            }
            if (end == std::string_view::npos) break;
            const std::string field(message.substr(0, end));
            (void)dkim_header(handle, bytes(field), field.size());
            message.remove_prefix(end + 2);
        }
        (void)dkim_eoh(handle);
        if (message.starts_with("\r\n")) message.remove_prefix(2);
        constexpr std::size_t kPiece = 65536;
        while (!message.empty()) {
            const std::string_view piece = message.substr(0, kPiece);
            auto* start = const_cast<unsigned char*>(
                static_cast<const unsigned char*>(static_cast<const void*>(piece.data())));
            (void)dkim_body(handle, start, piece.size());
            message.remove_prefix(piece.size());
        }
        (void)dkim_eom(handle, nullptr);
    }

    DKIM_LIB* library_;
    std::map<std::string, std::string> keys_;
};

}  // namespace postern::tests
