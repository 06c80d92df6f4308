// What each resource answers and what it does to the store. Over real HTTPS, on a real store.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/web/running_api.hpp"

namespace postern::web_tests {
namespace {

using nlohmann::json;
using quarantine::Status;

class ResourcesTest : public ::testing::Test {
protected:
    ResourcesTest() : session_(api_.login("rita")) {
        for (const HeldMessage& held : held_mail(kNow)) ids_.push_back(api_.put(held).text());
    }
    json get(const std::string& path, int status = 200) {
        const Answer answer = api_.ask("GET", "/api/v1" + path, session_);
        EXPECT_EQ(answer.status, status) << path << ": " << answer.body;
        return json::parse(answer.body);
    }
    json post(const std::string& path, const json& body, int status = 200) {
        const Answer answer = api_.ask("POST", "/api/v1" + path, session_, body.dump());
        EXPECT_EQ(answer.status, status) << path << ": " << answer.body;
        return json::parse(answer.body);
    }
    std::vector<std::string> listed(const std::string& query) {
        std::vector<std::string> ids;
        const json page = get("/messages?" + query);
        for (const json& message : page.at("messages")) {
            ids.push_back(message.at("id"));
        }
        return ids;
    }
    Status status_of(const std::string& id) {
        return api_.store().show(*quarantine::QuarantineId::parse(id))->summary.status;
    }
    std::vector<std::string> acts(const std::string& id) {
        std::vector<std::string> acts;
        const json state = get("/messages/" + id + "/state");
        for (const json& entry : state.at("audit")) {
            acts.push_back(entry.at("act"));
        }
        return acts;
    }

    static constexpr quarantine::UnixMs kNow = 1'790'000'000'000;
    RunningApi api_;
    std::string session_;
    std::vector<std::string>
        ids_;  ///< malware, phishing, hostile, unscanned, policy, right-to-left
};

TEST_F(ResourcesTest, ListFiltersByEachField) {
    const std::string minute = std::to_string(kNow - 60000);
    EXPECT_EQ(listed(""), ids_);
    EXPECT_EQ(listed("class=phishing"), std::vector{ids_[1]});
    EXPECT_EQ(listed("text=invoice"), std::vector{ids_[0]});
    EXPECT_EQ(listed("sender=partner.example"), std::vector{ids_[3]});
    EXPECT_EQ(listed("recipient=ben%40dest"), (std::vector{ids_[0], ids_[4]}));
    EXPECT_EQ(listed("received_from=" + minute), std::vector{ids_[0]});
    EXPECT_EQ(listed("received_until=" + minute).front(), ids_[1]);
    EXPECT_TRUE(listed("status=released").empty());
}

TEST_F(ResourcesTest, ListIsReadPageByPage) {
    const json first = get("/messages?limit=4");
    EXPECT_EQ(first.at("messages").size(), 4U);
    EXPECT_EQ(first.at("total"), 6);
    const json second = get("/messages?limit=4&cursor=" + first.at("next").get<std::string>());
    EXPECT_EQ(second.at("messages").size(), 2U);
    EXPECT_EQ(second.at("messages")[0].at("id"), ids_[4]);
    EXPECT_EQ(second.at("next"), "");
}

TEST_F(ResourcesTest, ListRefusesWhatItDoesNotKnow) {
    for (const char* query : {"clas=spam", "class=eggs", "class=spam&class=policy", "limit=0",
                              "limit=501", "limit=x", "received_from=-1", "cursor=nonsense"}) {
        SCOPED_TRACE(query);
        get(std::string("/messages?") + query, 400);
    }
}

TEST_F(ResourcesTest, MessageSaysEverythingThatIsKnown) {
    const json all = get("/messages/" + ids_[0]);
    EXPECT_EQ(all.at("message").at("class"), "malware");
    EXPECT_EQ(all.at("message").at("recipients")[1].at("forward_path"), "ben@dest.example");
    EXPECT_EQ(all.at("report").at("findings")[0].at("code"), "AV_MATCH");
    EXPECT_EQ(all.at("report").at("analysis").at("objects").size(), 4U);
    EXPECT_NE(all.at("headers").get<std::string>().find("Subject: Invoice"), std::string::npos);
    EXPECT_NE(all.at("preview").get<std::string>().find("attachment"), std::string::npos);
}

TEST_F(ResourcesTest, LookingIsInTheAuditLogAndAskingForTheStateIsNot) {
    get("/messages/" + ids_[0]);
    get("/messages/" + ids_[0] + "/state");
    const auto done = acts(ids_[0]);
    EXPECT_EQ(std::count(done.begin(), done.end(), "view"), 1);
}

TEST_F(ResourcesTest, HostileTextComesThroughAsText) {
    const json all = get("/messages/" + ids_[2]);
    EXPECT_EQ(all.at("message").at("subject").get<std::string>().find(
                  "<script>document.title='owned'</script>"),
              0U);
}

TEST_F(ResourcesTest, AReportThatIsNoJsonIsNull) {
    for (const std::string& report :
         {std::string("nonsense"), std::string(100000, '['), std::string("{\"a\":") + "\xff}"}) {
        HeldMessage held = plain_message("broken report", kNow);
        held.record.report_json = report;
        const auto id = api_.put(held).text();
        EXPECT_TRUE(get("/messages/" + id).at("report").is_null());
    }
}

TEST_F(ResourcesTest, ReleaseForSomeRecipientsOwesThatDelivery) {
    const json done =
        post("/messages/" + ids_[0] + "/release", {{"recipients", {"ben@dest.example"}}});
    EXPECT_EQ(done.at("queued"), json::array({"ben@dest.example"}));
    const auto owed = api_.store().outbox().list(10);
    ASSERT_TRUE(owed);
    ASSERT_EQ(owed->size(), 1U);
    EXPECT_EQ(owed->front().forward_path, "ben@dest.example");
    EXPECT_EQ(owed->front().requested_by, "rita");
    const json state = get("/messages/" + ids_[0] + "/state");
    EXPECT_EQ(state.at("message").at("recipients")[0].at("state"), "held");
    EXPECT_EQ(state.at("message").at("recipients")[1].at("state"), "releasing");
    EXPECT_EQ(state.at("deliveries")[0].at("state"), "due");
}

TEST_F(ResourcesTest, ASecondReleaseChangesNothing) {
    post("/messages/" + ids_[1] + "/release", json::object());
    const json again = post("/messages/" + ids_[1] + "/release", json::object());
    EXPECT_EQ(again.at("queued"), json::array());
    EXPECT_EQ(again.at("unchanged"), json::array({"ana@dest.example"}));
    EXPECT_EQ(api_.store().outbox().pending().value_or(0), 1U);
}

TEST_F(ResourcesTest, ReleaseGoesOnAfterConfirmation) {
    post("/messages/" + ids_[1] + "/release", json::object());
    const auto claimed = api_.store().outbox().claim(1, std::chrono::minutes(1));
    ASSERT_TRUE(claimed);
    ASSERT_TRUE(api_.store().outbox().mark_needs_confirmation(claimed->front(), "AV_MATCH: new"));
    const json waiting = get("/messages/" + ids_[1] + "/state").at("message").at("recipients")[0];
    EXPECT_EQ(waiting.at("state"), "needs-confirmation");
    EXPECT_EQ(waiting.at("detail"), "AV_MATCH: new");
    const json plain = post("/messages/" + ids_[1] + "/release", json::object());
    EXPECT_EQ(plain.at("confirmed"), json::array());
    const json confirmed = post("/messages/" + ids_[1] + "/release", {{"confirm", true}});
    EXPECT_EQ(confirmed.at("confirmed"), json::array({"ana@dest.example"}));
}

TEST_F(ResourcesTest, ANewLookIsAskedForOnceAndShownBesideTheFirst) {
    const std::string message = "/messages/" + ids_[1];
    EXPECT_TRUE(get(message + "/state").at("rescan").is_null());
    EXPECT_FALSE(get(message + "/state").at("rescan_asked").get<bool>());
    EXPECT_EQ(post(message + "/rescan", json::object()).at("asked"), true);
    EXPECT_EQ(post(message + "/rescan", json::object()).at("asked"), false);
    EXPECT_TRUE(get(message + "/state").at("rescan_asked").get<bool>());
    const auto wish = api_.store().rescans().claim(std::chrono::minutes(1));
    ASSERT_TRUE(wish);
    ASSERT_TRUE(wish->has_value());
    EXPECT_EQ((*wish)->who.name, "rita");
    quarantine::Rescan found;
    found.verdict = quarantine::VerdictClass::Clean;
    found.action = quarantine::VerdictAction::Deliver;
    found.report_json = R"({"verdict":{"class":"clean"}})";
    ASSERT_TRUE(api_.store().rescans().keep((*wish)->record, found, (*wish)->who));
    const json before = get(message).at("report");
    const json shown = get(message);
    EXPECT_EQ(shown.at("rescan").at("class"), "clean");
    EXPECT_EQ(shown.at("rescan").at("who"), "rita");
    EXPECT_EQ(shown.at("rescan").at("report").at("verdict").at("class"), "clean");
    EXPECT_EQ(shown.at("report"), before);
    EXPECT_FALSE(shown.at("rescan_asked").get<bool>());
    EXPECT_FALSE(get(message + "/state").at("rescan").contains("report"));
    EXPECT_EQ(api_.store().outbox().pending().value_or(1), 0U) << "nothing is released by it";
}

TEST_F(ResourcesTest, ANewLookIsRefusedForWhatIsNotThere) {
    post("/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV/rescan", json::object(), 404);
    post("/messages/" + ids_[0] + "/rescan", {{"release", true}}, 400);
    ASSERT_TRUE(api_.store().remove(quarantine::QuarantineId::parse(ids_[0]).value(), {"otto"}));
    post("/messages/" + ids_[0] + "/rescan", json::object(), 409);
}

TEST_F(ResourcesTest, ReleaseRefusesStrangersAndUnknownMessages) {
    post("/messages/" + ids_[0] + "/release", {{"recipients", {"eve@dest.example"}}}, 400);
    post("/messages/" + ids_[0] + "/release", {{"recipient", "ana@dest.example"}}, 400);
    post("/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV/release", json::object(), 404);
    EXPECT_EQ(api_.store().outbox().pending().value_or(1), 0U);
}

TEST_F(ResourcesTest, DeleteKeepsTheRecordAndNotTheBytes) {
    const Answer answer = api_.ask("DELETE", "/api/v1/messages/" + ids_[4], session_);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(status_of(ids_[4]), Status::Deleted);
    EXPECT_EQ(get("/messages/" + ids_[4]).at("preview"), "");
    get("/messages/" + ids_[4] + "/download", 404);
    EXPECT_EQ(listed("status=deleted"), std::vector{ids_[4]});
    post("/messages/" + ids_[4] + "/delete", json::object(), 409);
    post("/messages/" + ids_[4] + "/release", json::object(), 409);
}

TEST_F(ResourcesTest, BulkDoesWhatCanBeDoneAndSaysWhatCannot) {
    const json answer = post(
        "/messages/bulk",
        {{"action", "delete"}, {"ids", {ids_[0], "no id", "01ARZ3NDEKTSV4RRFFQ69G5FAV", ids_[1]}}});
    EXPECT_EQ(answer.at("done"), 2);
    EXPECT_TRUE(answer.at("results")[0].at("error").is_null());
    EXPECT_EQ(answer.at("results")[1].at("error"), "invalid");
    EXPECT_EQ(answer.at("results")[2].at("error"), "not-found");
    EXPECT_EQ(status_of(ids_[1]), Status::Deleted);
    EXPECT_EQ(
        post("/messages/bulk", {{"action", "release"}, {"ids", {ids_[2], ids_[3]}}}).at("done"), 2);
    EXPECT_EQ(api_.store().outbox().pending().value_or(0), 3U);
}

TEST_F(ResourcesTest, BulkLimitHoldsAtItsEdge) {
    json ids = json::array();
    for (int i = 0; i < 500; ++i) ids.push_back("x");
    post("/messages/bulk", {{"action", "delete"}, {"ids", ids}});
    ids.push_back("x");
    post("/messages/bulk", {{"action", "delete"}, {"ids", ids}}, 400);
    post("/messages/bulk", {{"action", "delete"}, {"ids", json::array()}}, 400);
    post("/messages/bulk", {{"action", "burn"}, {"ids", {ids_[0]}}}, 400);
}

TEST_F(ResourcesTest, DownloadIsAnEncryptedZipAndInTheAuditLog) {
    const Answer answer = api_.ask("GET", "/api/v1/messages/" + ids_[0] + "/download", session_);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("content-type"), "application/zip");
    EXPECT_EQ(answer.header("content-disposition"),
              "attachment; filename=\"postern-" + ids_[0] + ".zip\"");
    ASSERT_GT(answer.body.size(), 30U);
    EXPECT_EQ(answer.body.substr(0, 4), "PK\x03\x04");
    EXPECT_EQ(answer.body[6] & 1, 1) << "general purpose bit 0: encrypted";
    EXPECT_EQ(answer.body.find("attachment"), std::string::npos);
    const auto done = acts(ids_[0]);
    EXPECT_EQ(std::count(done.begin(), done.end(), "download"), 1);
}

TEST(Download, LimitHoldsAtItsEdge) {
    const HeldMessage held = plain_message("size", 1'790'000'000'000);
    for (const std::size_t less : {std::size_t{0}, std::size_t{1}}) {
        RunningApi api({.max_download = held.bytes.size() - less});
        const auto id = api.put(held).text();
        EXPECT_EQ(api.ask("GET", "/api/v1/messages/" + id + "/download", api.login("rita")).status,
                  less == 0 ? 200 : 413);
    }
}

TEST_F(ResourcesTest, AuditSaysWhoDidWhat) {
    post("/messages/" + ids_[0] + "/release", json::object());
    session_ = api_.login("admin");
    const json entries = get("/audit?act=release&message=" + ids_[0]).at("entries");
    ASSERT_FALSE(entries.empty());
    EXPECT_EQ(entries[0].at("who"), "rita");
    EXPECT_EQ(entries[0].at("remote"), "127.0.0.1");
    const json page = get("/audit?limit=2");
    EXPECT_EQ(page.at("entries").size(), 2U);
    EXPECT_EQ(page.at("next"), page.at("entries")[1].at("number"));
    const json older = get("/audit?limit=2&before=" + page.at("next").dump()).at("entries");
    EXPECT_LT(older[0].at("number"), page.at("next"));
    get("/audit?message=no-id", 400);
}

TEST_F(ResourcesTest, StatusCountsAndNoticesChanges) {
    const json before = get("/status");
    EXPECT_EQ(before.at("held").at("malware").at("messages"), 1);
    EXPECT_EQ(before.at("queue"), 0);
    post("/messages/" + ids_[0] + "/release", json::object());
    const json after = get("/status");
    EXPECT_EQ(after.at("queue"), 2);
    EXPECT_GT(after.at("change_token"), before.at("change_token"));
}

}  // namespace
}  // namespace postern::web_tests
