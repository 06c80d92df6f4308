rule Postern_PowerShell_Encoded_Command
{
    meta:
        description = "PowerShell is started with a command in base64, hidden from the reader."
        severity = "high"
        score = 8
        class = "malware"
        attack = "T1059.001 T1027.010"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        // Every abbreviation of -EncodedCommand is accepted; UTF-16 text in base64 follows.
        $command = /p(ower)?(shell|wsh)(\.exe)?["']?[ \t^][^\r\n]{0,200}[-\/]e(nc(odedcommand)?|c)?[ \t^"']{1,10}[A-Za-z0-9+\/]{40}/ nocase ascii wide
    condition:
        filesize < 10MB and $command
}

rule Postern_PowerShell_Hidden_Download
{
    meta:
        description = "PowerShell downloads something and runs it without a window."
        severity = "critical"
        score = 10
        class = "malware"
        attack = "T1059.001 T1105 T1564.003"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $shell = "powershell" ascii wide nocase
        $hide1 = /-w(in(dowstyle)?)?[ \t]{1,4}["']?(hidden|1[ \t"'])/ ascii wide nocase
        $hide2 = /-nop(rofile)?[ \t]/ ascii wide nocase
        $hide3 = /-ex(ec(utionpolicy)?)?[ \t]{1,4}["']?bypass/ ascii wide nocase
        $get1 = "DownloadString" ascii wide nocase
        $get2 = "DownloadFile" ascii wide nocase
        $get3 = "DownloadData" ascii wide nocase
        $get4 = "Invoke-WebRequest" ascii wide nocase
        $get5 = "Start-BitsTransfer" ascii wide nocase
        $get6 = "Net.WebClient" ascii wide nocase
        $get7 = /[;|(& "']i(wr|rm)[ \t]{1,4}["']?-?[a-z]{0,12}[ \t"']{0,4}https?:/ ascii wide nocase
        $run1 = "Invoke-Expression" ascii wide nocase
        $run2 = /[;|(& "']iex[ \t("']/ ascii wide nocase
        $run3 = "Start-Process" ascii wide nocase
        $run4 = /\|\s{0,4}iex\b/ ascii wide nocase
    condition:
        filesize < 10MB and type != "mail" and type != "mbox" and
        $shell and any of ($hide*) and any of ($get*) and any of ($run*)
}
