#include "gateway/auth/outgoing.hpp"

#include <utility>

#include "gateway/auth/arc/seal.hpp"
#include "gateway/auth/dkim/open_signer.hpp"
#include "gateway/auth/dmarc/author.hpp"

namespace postern::auth {
namespace {

using settings::SignScope;

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr dkim::BodyHashKind kSealed{dkim::Canonicalization::Relaxed, std::nullopt};

std::vector<std::string> split(std::string_view pems) {
    std::vector<std::string> found;
    for (std::size_t at = pems.find(kBegin); at != std::string_view::npos;) {
        const std::size_t next = pems.find(kBegin, at + kBegin.size());
        found.emplace_back(pems.substr(at, next == std::string_view::npos ? next : next - at));
        at = next;
    }
    return found;
}

}  // namespace

Outcome<std::string, std::string> signing_keys(const settings::Dkim& dkim,
                                               const settings::ArcSealing& arc) {
    std::string text;
    if (dkim.sign != SignScope::Off) {
        const auto pems = dkim::read_keys(dkim);
        if (!pems) return Failure{pems.error()};
        for (const std::string& each : *pems) text += each;
    }
    if (arc.seal) {
        const auto key = dkim::PrivateKey::read(arc.key.file);
        if (!key) return Failure{key.error()};
        text += key->pem();
    }
    return text;
}

std::vector<dkim::BodyHashKind> outgoing_hashes(const settings::Dkim& dkim,
                                                const settings::ArcSealing& arc) {
    std::vector<dkim::BodyHashKind> kinds;
    if (dkim.sign == SignScope::All) {
        const bool simple = dkim.body == settings::SignedForm::Simple;
        kinds.push_back(
            {simple ? dkim::Canonicalization::Simple : dkim::Canonicalization::Relaxed, {}});
    }
    if (arc.seal) kinds.push_back(kSealed);
    return kinds;
}

Outcome<OutgoingSigner, std::string> OutgoingSigner::make(const settings::Dkim& dkim,
                                                          const settings::ArcSealing& arc,
                                                          std::string_view keys) {
    std::vector<std::string> pems = split(keys);
    OutgoingSigner made;
    if (arc.seal) {
        if (pems.empty()) return Failure{std::string("the key of [arc] is missing")};
        auto key = dkim::PrivateKey::parse(pems.back());
        if (!key) return Failure{arc.key.file + ": " + key.error()};
        made.seal_ = Sealer{arc.key.domain, arc.key.selector, std::move(key).value()};
        pems.pop_back();
    }
    if (dkim.sign != SignScope::Off) {
        auto signer = dkim::make_signer(dkim, pems);
        if (!signer) return Failure{signer.error()};
        made.signer_.emplace(std::move(signer).value());
        made.signs_all_ = dkim.sign == SignScope::All;
    }
    return made;
}

std::string OutgoingSigner::fields(const OutgoingMessage& message) const {
    const mail::HeaderBlock block(message.header);
    if (!passes_by() || (block.flaws() & mail::kNoEmptyLine) != 0) return {};
    std::string made;
    if (signs_all_) {
        const auto author = dmarc::author_domain(block);
        if (author) made = signer_->fields(block, message.body, *author, message.now);
    }
    // A chain that could not be looked up now may be good: sealing it as failed would end it.
    if (!seal_ || message.results == nullptr || !message.results->arc ||
        message.results->arc->temporary) {
        return made;
    }
    const auto body = message.body.find(kSealed);
    if (!body) return made;
    const std::string header = made + std::string(message.header);
    const arc::SealTerms terms{seal_->domain, seal_->selector, message.now, {}};
    const auto sealed = arc::seal(mail::HeaderBlock(header), *message.results->arc, body->digest,
                                  seal_->key, message.recorded, terms);
    return sealed.value_or("") + made;
}

std::string OutgoingSigner::own(const std::string& message, std::string_view author_domain,
                                std::uint64_t now) const {
    return signer_ ? signer_->sign_message(message, author_domain, now) : message;
}

}  // namespace postern::auth
