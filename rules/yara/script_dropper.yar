rule Postern_Script_Downloads_And_Runs
{
    meta:
        description = "A Windows script fetches or writes a file and starts it."
        severity = "critical"
        score = 10
        class = "malware"
        attack = "T1059.007 T1059.005 T1105"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $make1 = "ActiveXObject" ascii wide nocase
        $make2 = "CreateObject" ascii wide nocase
        $shell1 = "WScript.Shell" ascii wide nocase
        $shell2 = "Shell.Application" ascii wide nocase
        $get1 = "MSXML2.XMLHTTP" ascii wide nocase
        $get2 = "Microsoft.XMLHTTP" ascii wide nocase
        $get3 = "MSXML2.ServerXMLHTTP" ascii wide nocase
        $get4 = "WinHttp.WinHttpRequest" ascii wide nocase
        $write1 = "ADODB.Stream" ascii wide nocase
        $write2 = "SaveToFile" ascii wide nocase
        $run1 = ".Run(" ascii wide nocase
        $run2 = ".Run " ascii wide nocase
        $run3 = ".Exec(" ascii wide nocase
        $run4 = "ShellExecute" ascii wide nocase
    condition:
        // Office documents have a rule of their own.
        uint32(0) != 0xe011cfd0 and filesize < 5MB and type != "mail" and type != "mbox" and
        any of ($make*) and any of ($shell*) and any of ($run*) and
        (any of ($get*) or any of ($write*))
}

rule Postern_Script_Encoded
{
    meta:
        description = "A script encoded so that it cannot be read without running or decoding it."
        severity = "high"
        score = 7
        class = "suspicious"
        attack = "T1027.010"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $begin = /#@~\^[A-Za-z0-9+\/]{6}==/
        $end = "^#~@" ascii
    condition:
        filesize < 5MB and $begin in (0..8192) and $end
}
