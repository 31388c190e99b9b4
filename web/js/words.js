// The few sentences the browser says itself; everything else comes from the server's catalogue.

const ENGLISH = {
  "连不上服务器，请稍候；已填写的内容仍然保留。":
    "The server cannot be reached, please wait; what you typed is kept.",
  "已保存": "Saved",
  "未保存的改动…": "Unsaved changes…",
  "服务器连不上，已存在本机": "Server unreachable; kept on this computer at",
  "登录已结束，内容已存在本机，请": "Signed out; your text is kept on this computer. Please",
  "重新登录": "sign in again",
  "已恢复本机保存的内容": "Restored what this computer had kept",
  "没有匹配的项": "Nothing matches",
  "新来电，当前内容已存为草稿": "New call; the current text is saved as a draft",
  "已断开，正在重新连接": "Connection lost, reconnecting",
};

export function word(chinese) {
  return document.documentElement.lang === "en" ? (ENGLISH[chinese] ?? chinese) : chinese;
}
