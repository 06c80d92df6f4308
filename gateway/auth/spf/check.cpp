#include "gateway/auth/spf/check.hpp"

#include "gateway/auth/spf/evaluation.hpp"
#include "gateway/auth/spf/names.hpp"

namespace postern::auth::spf {
namespace {

Spf checked(const Request& request, Sender sender, Spf::Identity identity, dns::Inquiry& inquiry) {
    const auto domain = checkable_domain(sender.domain);
    Spf spf;
    spf.identity = identity;
    if (!domain) {
        spf.detail = "no domain name that could have a record";
        return spf;
    }
    sender.domain = *domain;
    spf = Evaluation(request, std::move(sender), inquiry).run(*domain);
    spf.identity = identity;
    spf.domain = *domain;
    return spf;
}

}  // namespace

Spf check_mail_from(const Request& request, dns::Inquiry& inquiry) {
    if (request.reverse_path.empty()) return check_helo(request, inquiry);
    return checked(request, split_sender(request.reverse_path), Spf::Identity::MailFrom, inquiry);
}

Spf check_helo(const Request& request, dns::Inquiry& inquiry) {
    return checked(request, {"postmaster", request.helo}, Spf::Identity::Helo, inquiry);
}

}  // namespace postern::auth::spf
