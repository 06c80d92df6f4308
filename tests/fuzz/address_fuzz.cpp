/// @file Any text: what is taken as an address is canonical (it parses to itself), fits in a
/// command between angle brackets, and holds nothing that could end the command.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/mail/address.hpp"
#include "gateway/mail/cidr.hpp"

namespace {

using namespace postern::mail;

void demand(bool holds) {
    if (!holds) std::abort();
}

void check(const Mailbox& mailbox, Charset charset) {
    const std::string text = mailbox.text();
    for (const char c : text) demand((c >= ' ' && c != '\x7f') || (c & '\x80') != 0);
    const auto again = Mailbox::parse(text, charset);
    demand(again.has_value() && *again == mailbox);
    const std::string command = "<" + text + "> X";
    const auto cut = cut_path(command);
    demand(cut.has_value() && cut->inner == text && cut->rest == " X");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    for (const Charset charset : {Charset::Ascii, Charset::Utf8}) {
        if (const auto mailbox = Mailbox::parse(text, charset)) check(*mailbox, charset);
        if (const auto path = parse_reverse_path(text, charset); path && *path) {
            check(**path, charset);
        }
        if (const auto path = parse_forward_path(text, charset)) {
            const auto* mailbox = std::get_if<Mailbox>(&*path);
            if (mailbox != nullptr) check(*mailbox, charset);
        }
        if (const auto domain = Domain::parse(text, charset)) {
            demand(*Domain::parse(domain->text(), charset) == *domain);
        }
    }
    if (const auto range = Cidr::parse(text)) demand(*Cidr::parse(range->text()) == *range);
    return 0;
}
