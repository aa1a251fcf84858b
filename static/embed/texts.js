/** What a visitor reads where the widget can't be loaded: no catalogue can be, either. By the names of the files in lang. @type {Record<string, string>} */
export const SENTENCES = {
  ar: 'تعذّر تحميل نموذج الرفع. أعد تحميل الصفحة، أو أخبر القائمين على الموقع.',
  de: 'Das Upload-Formular kann nicht geladen werden. Laden Sie die Seite neu, oder sagen Sie es den Betreibern.',
  en: 'The upload form can’t be loaded. Reload the page, or tell whoever runs this site.',
  es: 'No se puede cargar el formulario. Recarga la página o avisa a los responsables del sitio.',
  fr: 'Le formulaire ne peut pas être chargé. Rechargez la page ou prévenez les responsables du site.',
  ja: 'アップロードフォームを読み込めません。ページを再読み込みするか、サイトの運営者にお知らせください。',
  'pt-BR': 'Não é possível carregar o formulário. Recarregue a página ou avise os responsáveis pelo site.',
  'zh-Hans': '无法加载上传表单。请重新加载页面，或告知网站的管理者。',
};
