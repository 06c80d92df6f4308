#include "gateway/smtp/event.hpp"

namespace postern::smtp {
namespace {

struct UsualReply {
    std::string hostname;

    Reply operator()(const Connected&) const { return {220, "", hostname + " ESMTP"}; }
    Reply operator()(const Helo&) const { return {250, "", hostname}; }
    Reply operator()(const MailFrom&) const { return {250, "2.1.0", "Sender ok"}; }
    Reply operator()(const RcptTo&) const { return {250, "2.1.5", "Recipient ok"}; }
    Reply operator()(const DataRequested&) const {
        return {354, "", "Send the message, end with <CRLF>.<CRLF>"};
    }
    Reply operator()(const DataComplete&) const { return {250, "2.0.0", "Message accepted"}; }
    Reply operator()(const DataRefused& refused) const { return refused.reply; }
    Reply operator()(const Reset&) const { return {250, "2.0.0", "Ok"}; }
    Reply operator()(const Quit&) const { return {221, "2.0.0", hostname + " closes"}; }
};

}  // namespace

Reply usual_reply(const Event& event, std::string_view hostname) {
    return std::visit(UsualReply{std::string(hostname)}, event);
}

}  // namespace postern::smtp
