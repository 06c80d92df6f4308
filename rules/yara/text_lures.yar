// Text that asks a person to do the harm. Words alone are weak: each rule needs several kinds.

rule Postern_Text_Gift_Cards
{
    meta:
        description = "Somebody in a hurry asks for gift cards and the codes on them."
        severity = "medium"
        score = 4
        class = "phishing"
        attack = "T1566.002 T1534"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $card1 = /\b(gift|itunes|steam|google play|amazon|apple) ?cards?\b/ nocase
        $ask1 = /scratch (off )?the (back|code|panel)/ nocase
        $ask2 = /(send|text|e-?mail|take|share)[^.\r\n]{0,60}(pictures?|photos?|codes?|pins?)\b/ nocase
        $ask3 = /(purchase|buy|get|pick up) [^.\r\n]{0,60}cards?\b/ nocase
        $hurry1 = /\b(urgent(ly)?|asap|right away|immediately|discreet(ly)?|confidential)\b/ nocase
        $hurry2 = /(in a|on a|tied up in)[^.\r\n]{0,20}(meeting|conference)/ nocase
        $hurry3 = /(can ?not|can't|unable to) (talk|take|receive)[^.\r\n]{0,20}calls?/ nocase
        $hurry4 = /(i will|i'll|will be) reimburse/ nocase
        $shop = /unsubscribe/ nocase
    condition:
        filesize < 64KB and $card1 and 2 of ($ask*) and 2 of ($hurry*) and not $shop
}

rule Postern_Text_Callback
{
    meta:
        description = "A made-up charge with nothing but a telephone number to dispute it."
        severity = "medium"
        score = 4
        class = "phishing"
        attack = "T1566.004"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $brand = /\b(norton|mcafee|geek ?squad|paypal|windows defender|microsoft defender|lifelock|best ?buy|coinbase)\b/ nocase
        $charge1 = /(auto-?renew(al|ed)?|renewed|subscription|charged|debited|deducted)\b/ nocase
        $charge2 = /(invoice|order|transaction|receipt) ?(no|number|id|#)/ nocase
        $money = /(amount|total|price|charged|debited|deducted|paid)[^\r\n]{0,60}[0-9]{2,4}\.[0-9]{2}/ nocase
        $call = /(call|dial|contact|reach)[^.\r\n]{0,80}(\+?1[ .-]?)?\(?8(00|33|44|55|66|77|88|0[0-9]|[1-9][0-9])\)?[ .-]{0,3}[0-9]{3}[ .-]{0,3}[0-9]{4}/ nocase
        $cancel = /\b(cancel|refund|dispute|did not (authori[sz]e|make)|within 24 hours)\b/ nocase
    condition:
        filesize < 64KB and $brand and all of ($charge*) and $money and $call and $cancel
}

rule Postern_Text_Paste_And_Run
{
    meta:
        description = "Instructions to paste a command into the Windows Run box or a terminal."
        severity = "high"
        score = 8
        class = "phishing"
        attack = "T1204.004"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $run1 = /\bwin(dows)?( key| button)?(<[^>]{1,20}>|[^a-z<]){0,30}(\+|plus|and)(<[^>]{1,20}>|[^a-z<]){0,30}r\b/ nocase
        $run2 = /\bwin(dows)?( key| button)?(<[^>]{1,20}>|[^a-z<]){0,30}(\+|plus|and)(<[^>]{1,20}>|[^a-z<]){0,30}x\b/ nocase
        $paste = /\b(ctrl|control)(<[^>]{1,20}>|[^a-z<]){0,30}(\+|plus|and)(<[^>]{1,20}>|[^a-z<]){0,30}v\b/ nocase
        $enter = /\b(press|hit|click)(<[^>]{1,20}>|[^a-z<]){0,30}(enter|ok|return)\b/ nocase
        $robot1 = /(verify|prove|confirm)[^.\r\n]{0,40}(human|not a robot|robot)/ nocase
        $robot2 = "clipboard" nocase
        $robot3 = /(mshta|powershell|cmd \/c|curl) / nocase
        $robot4 = /fix (the|this) (error|problem|issue)/ nocase
    condition:
        filesize < 2MB and any of ($run*) and $paste and $enter and any of ($robot*)
}
