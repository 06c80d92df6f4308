#include "tests/web/held_mail.hpp"

#include <nlohmann/json.hpp>

#include "analyzers/base/sha256.hpp"

namespace postern::web_tests {
namespace {

using nlohmann::json;
using quarantine::VerdictClass;

struct Sketch {
    std::string subject;
    std::string sender;
    std::vector<std::string> recipients;
    VerdictClass verdict;
    double score;
    json findings;
    json objects;
    json limits = json::array();
    json errors = json::array();
    json urls = json::array();
    std::string preview = "Hello,\n\nplease see the attachment.\n\nRegards\n";
};

json finding(const std::string& code, const std::string& severity, double score, int object,
             const std::string& detail, const std::string& explanation) {
    return {{"code", code},
            {"source", "analyzer"},
            {"severity", severity},
            {"score", score},
            {"mode", "enforce"},
            {"object", object < 0 ? json() : json(object)},
            {"detail", detail},
            {"explanation", explanation},
            {"attack", json::array({"T1566.001"})},
            {"ms", 1.2}};
}

json object(int id, int parent, const std::string& relation, const std::string& name,
            const std::string& type, const std::string& mime, std::size_t size,
            const json& flags = json::array()) {
    return {{"id", id},
            {"parent", parent < 0 ? json() : json(parent)},
            {"relation", relation},
            {"path", parent < 0 ? "message" : "message/" + std::to_string(id) + ":" + name},
            {"name", name},
            {"size", size},
            {"type", type},
            {"mime", mime},
            {"declared_mime", parent < 0 ? json() : json("application/octet-stream")},
            {"sha256", sha256_hex(as_bytes(name + type))},
            {"views", json::array({"strict"})},
            {"flags", flags}};
}

std::string report_of(const Sketch& sketch) {
    const bool complete = sketch.limits.empty() && sketch.errors.empty();
    return json({{"schema", "postern.scan/1"},
                 {"auth",
                  {{"spf", {{"result", "pass"}, {"domain", "sender.example"}, {"detail", ""}}},
                   {"dkim", json::array({{{"result", "fail"},
                                          {"domain", "sender.example"},
                                          {"selector", "s1"},
                                          {"detail", "body hash differs"}}})},
                   {"dmarc", {{"result", "none"}, {"domain", "sender.example"}}}}},
                 {"analysis",
                  {{"complete", complete},
                   {"objects", sketch.objects},
                   {"urls", sketch.urls},
                   {"limits", sketch.limits},
                   {"errors", sketch.errors}}},
                 {"findings", sketch.findings},
                 {"timing_ms", {{"total", 12.4}}}})
        .dump();
}

HeldMessage message_of(const Sketch& sketch, quarantine::UnixMs received) {
    HeldMessage held{{quarantine::Summary{quarantine::QuarantineId::make(received)}}, {}};
    quarantine::Summary& summary = held.record.summary;
    summary.received = received;
    summary.client_ip = "192.0.2.17";
    summary.client_name = "mail.sender.example";
    summary.helo = "mail.sender.example";
    summary.reverse_path = sketch.sender;
    for (const std::string& to : sketch.recipients) summary.recipients.push_back({to});
    summary.subject = sketch.subject;
    summary.from = {sketch.sender};
    summary.message_id = "<" + summary.id.text() + "@sender.example>";
    summary.verdict = sketch.verdict;
    summary.score = sketch.score;
    for (const json& found : sketch.findings) summary.reasons.push_back(found.at("code"));
    held.record.headers = "From: " + sketch.sender + "\nTo: " + sketch.recipients.front() +
                          "\nSubject: " + sketch.subject + "\nMessage-ID: " + summary.message_id +
                          "\n";
    held.record.preview = sketch.preview;
    held.record.report_json = report_of(sketch);
    held.bytes = "Subject: " + sketch.subject + "\r\n\r\n" + sketch.preview;
    return held;
}

Sketch malware() {
    return {"Invoice 2026-118 overdue",
            "billing@supplier.example",
            {"ana@dest.example", "ben@dest.example"},
            VerdictClass::Malware,
            15,
            json::array({finding("AV_MATCH", "critical", 15, 3, "Eicar-Signature",
                                 "ClamAV knows this file as malware."),
                         finding("SCRIPT_IN_ARCHIVE", "high", 4, 3, "invoice.pdf.js",
                                 "A script lies inside an archive.")}),
            json::array({object(0, -1, "root", "", "mail", "message/rfc822", 4211),
                         object(1, 0, "part", "", "text", "text/plain", 310),
                         object(2, 0, "part", "invoice.zip", "zip", "application/zip", 2100),
                         object(3, 2, "extracted", "invoice.pdf.js", "javascript",
                                "text/javascript", 1822, json::array({"type-mismatch"}))})};
}

Sketch phishing() {
    Sketch sketch{"Your mailbox is full",
                  "support@examp1e.example",
                  {"ana@dest.example"},
                  VerdictClass::Phishing,
                  9.5,
                  json::array({finding("URL_TEXT_MISMATCH", "high", 5, 1,
                                       "shows https://mail.dest.example, goes to 198.51.100.9",
                                       "A link shows another address than the one it goes to.")}),
                  json::array({object(0, -1, "root", "", "mail", "message/rfc822", 2900),
                               object(1, 0, "part", "", "html", "text/html", 2210)})};
    sketch.urls = json::array({{{"url", "http://198.51.100.9/login?u=ana"},
                                {"host", "198.51.100.9"},
                                {"object", 1},
                                {"where", "html.a.href"},
                                {"flags", json::array({"ip-host", "text-mismatch"})}}});
    return sketch;
}

Sketch unscanned() {
    Sketch sketch{
        "Quarterly figures (confidential)",
        "cfo@partner.example",
        {"ana@dest.example"},
        VerdictClass::Unscanned,
        0,
        json::array(),
        json::array({object(0, -1, "root", "", "mail", "message/rfc822", 90210),
                     object(1, 0, "part", "figures.7z", "7z", "application/x-7z-compressed", 88000,
                            json::array({"encrypted"}))})};
    sketch.errors = json::array({{{"object", 1},
                                  {"analyzer", "archive"},
                                  {"code", "encrypted"},
                                  {"detail", "needs a password"}}});
    sketch.limits =
        json::array({{{"limit", "depth"}, {"object", 1}, {"configured", 16}, {"observed", 17}}});
    return sketch;
}

/// What an attacker would write who knows that a browser shows it.
Sketch hostile() {
    const std::string script = "<script>document.title='owned'</script>";
    const std::string image = "<img src=x onerror=\"document.title='owned'\">";
    Sketch sketch{
        script + " \u202egnp.exe {@html} {{7*7}} \" ' &amp; " + std::string(300, 'W'),
        image + "@attacker.example",
        {"\"><svg/onload=alert(1)>@dest.example", "javascript:alert(1)@dest.example"},
        VerdictClass::Suspicious,
        6.5,
        json::array({finding(image, "medium", 4, 1, script, image)}),
        json::array({object(0, -1, "root", "", "mail", "message/rfc822", 777),
                     object(1, 0, "part", std::string(400, 'n') + script, image, script, 1,
                            json::array({image, image})),
                     object(1, 1, "extracted", "same id again", "text", "text/plain", 1)})};
    sketch.urls = json::array({{{"url", "javascript:document.title='owned'"},
                                {"host", ""},
                                {"object", 1},
                                {"where", "html.a.href"},
                                {"flags", json::array()}}});
    sketch.preview = script + "\n\u05e9\u05dc\u05d5\u05dd \u202eabc\u200b\n" + image;
    return sketch;
}

}  // namespace

std::vector<HeldMessage> held_mail(quarantine::UnixMs now) {
    Sketch policy{"Setup for the new printer",
                  "it@dest-support.example",
                  {"ben@dest.example"},
                  VerdictClass::Policy,
                  3,
                  json::array({finding("EXECUTABLE", "high", 3, 1, "setup.exe",
                                       "Programs are not accepted by mail.")}),
                  json::array({object(0, -1, "root", "", "mail", "message/rfc822", 1200400),
                               object(1, 0, "part", "setup.exe", "pe",
                                      "application/vnd.microsoft.portable-executable", 880000)})};
    Sketch rtl{
        "\u05d7\u05e9\u05d1\u05d5\u05e0\u05d9\u05ea \u05dc\u05ea\u05e9\u05dc\u05d5\u05dd 4711",
        "sales@shop.example",
        {"ana@dest.example"},
        VerdictClass::Spam,
        8.2,
        json::array({finding("BULK_WORDS", "low", 3.2, -1, "", "Words that bulk mail uses.")}),
        json::array({object(0, -1, "root", "", "mail", "message/rfc822", 5120)})};
    constexpr quarantine::UnixMs kMinute = 60000;
    std::vector<HeldMessage> mail;
    quarantine::UnixMs at = now;
    for (const Sketch& sketch : {malware(), phishing(), hostile(), unscanned(), policy, rtl}) {
        at -= kMinute;
        mail.push_back(message_of(sketch, at));
    }
    return mail;
}

HeldMessage plain_message(const std::string& subject, quarantine::UnixMs received) {
    return message_of(
        {subject,
         "sales@shop.example",
         {"ana@dest.example"},
         VerdictClass::Spam,
         8.5,
         json::array({finding("BULK_WORDS", "low", 8.5, -1, "", "Words that bulk mail uses.")}),
         json::array({object(0, -1, "root", "", "mail", "message/rfc822", 900)})},
        received);
}

}  // namespace postern::web_tests
