// The mark beside the name: an appointment in its diary, the same drawing as the favicon.
import favicon from '../pages/favicon.svg';

export function Mark() {
  return <img className="mark" src={favicon} alt="" />;
}
