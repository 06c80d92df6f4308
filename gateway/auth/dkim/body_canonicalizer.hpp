#pragma once

/// @file Body canonicalization (RFC 6376 3.4.3, 3.4.4) of bytes that come in pieces. Each class
/// hands on views of its input wherever it can: most mail is hashed where it lies.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace postern::auth::dkim {

/// Drops empty lines at the end of the body, and ends the last line.
template <class Sink>
class TailStripper {
public:
    explicit TailStripper(Sink sink) : sink_(std::move(sink)) {}

    void put(std::string_view bytes) {
        if (bytes.empty()) return;
        if (cr_) {
            cr_ = false;
            if (bytes.front() == '\n') {
                ++line_ends_;
                bytes.remove_prefix(1);
            } else {
                release();
                emit("\r");
            }
        }
        while (bytes.starts_with("\r\n")) {
            ++line_ends_;
            bytes.remove_prefix(2);
        }
        if (bytes.empty()) return;
        if (bytes == "\r") {
            cr_ = true;
            return;
        }
        release();
        std::size_t end = bytes.size();
        if (bytes[end - 1] == '\r') {
            cr_ = true;
            --end;
        }
        while (end >= 2 && bytes[end - 1] == '\n' && bytes[end - 2] == '\r') {
            ++line_ends_;
            end -= 2;
        }
        emit(bytes.substr(0, end));
    }

    /// `empty_is_line`: a body without content is one empty line (simple) or nothing (relaxed).
    void finish(bool empty_is_line) {
        if (cr_) {
            release();
            emit("\r");
        }
        if (any_ || empty_is_line) sink_("\r\n");
    }

private:
    void release() {
        for (; line_ends_ > 0; --line_ends_) emit("\r\n");
    }
    void emit(std::string_view bytes) {
        if (bytes.empty()) return;
        any_ = true;
        sink_(bytes);
    }

    Sink sink_;
    std::uint64_t line_ends_ = 0;  ///< held back: maybe the tail
    bool cr_ = false;              ///< held back: its LF may come
    bool any_ = false;
};

/// The first byte that relaxed canonicalization may change, or `bytes.size()`: a tab, or a space
/// that is followed by a blank, a CR or the end of the piece.
[[nodiscard]] std::size_t find_blank_to_change(std::string_view bytes);

/// Reduces runs of blanks to one space and drops them at line ends.
template <class Sink>
class BlankReducer {
public:
    explicit BlankReducer(Sink sink) : sink_(std::move(sink)) {}

    void put(std::string_view bytes) {
        while (!bytes.empty()) {
            if (blank_ && !resolve(bytes)) continue;
            const std::size_t clean = find_blank_to_change(bytes);
            if (clean > 0) sink_(bytes.substr(0, clean));
            bytes.remove_prefix(clean);
            if (bytes.empty()) break;
            blank_ = true;
            bytes.remove_prefix(1);
        }
    }

    void finish() {
        if (blank_ && cr_) sink_(" \r");
    }

private:
    /// A blank is held back: decides what becomes of it. False: look again.
    bool resolve(std::string_view& bytes) {
        if (cr_) {
            cr_ = blank_ = false;
            if (bytes.front() == '\n') {
                sink_("\r\n");
                bytes.remove_prefix(1);
                return !bytes.empty();
            }
            sink_(" \r");
            return true;
        }
        const std::size_t end = bytes.find_first_not_of(" \t");
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end);
        if (bytes.empty()) return false;
        if (bytes.front() == '\r') {
            cr_ = true;
            bytes.remove_prefix(1);
            return false;
        }
        blank_ = false;
        sink_(" ");
        return true;
    }

    Sink sink_;
    bool blank_ = false;  ///< one or more blanks are held back
    bool cr_ = false;     ///< and a CR behind them
};

}  // namespace postern::auth::dkim
